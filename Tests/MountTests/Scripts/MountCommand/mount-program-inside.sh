#!/bin/bash
. helpers.bash

mount -t tmpfs none /usr/local/bin; ln -s "$casfs" /usr/local/bin/casfs
mount -t fuse.casfs "$store" "$mnt" -o ro
ls "$mnt/blobs/sha256" | grep -q .
assert_fails 'Read-only file system' touch "$mnt/incoming/f"
umount "$mnt"
echo "$store $mnt fuse.casfs rw,nofail,x-a=b 0 0" >fstab
mount -T fstab "$mnt"
echo y >"$mnt/incoming/f"
assert_eq "$(findmnt -n -o FSTYPE "$mnt")" fuse.casfs
umount "$mnt"
