#!/bin/bash
. helpers.bash
: "${repository:?}" "${manifest:?}"

mount -t tmpfs none /usr/local/bin; ln -s "$casfs" /usr/local/bin/casfs
mount -t fuse.casfs "$repository" "$mnt" -o ro
assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"
assert_fails 'Read-only file system' touch "$mnt/incoming/f"
umount "$mnt"
echo "$repository $mnt fuse.casfs ro,nofail,_netdev,x-a=b 0 0" >fstab
mount -T fstab "$mnt"
assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"
assert_eq "$(findmnt -n -o FSTYPE,SOURCE "$mnt" | tr -s ' ')" "fuse.casfs $repository"
umount "$mnt"
