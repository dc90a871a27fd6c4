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
# mount(8) calls the helper to remount, and a mount keeps its options; without a helper the kernel stops the writing.
mount -t fuse.casfs "$store" "$mnt"
assert_fails 'mount -i -o remount,ro DIRECTORY' mount -o remount,ro "$mnt"
touch "$mnt/incoming/g"
mount -i -o remount,ro "$mnt"; assert_fails 'Read-only file system' touch "$mnt/incoming/h"
mount -i -o remount,rw "$mnt"; touch "$mnt/incoming/h"
umount "$mnt"
for word in nodiratime lazytime strictatime relatime iversion mand silent loud owner group user comment=x X-a=b nosuid; do
  mount -t fuse.casfs "$store" "$mnt" -o "$word"; umount "$mnt"
done
