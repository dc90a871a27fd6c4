#!/bin/bash
. registry.bash

truncate -s 64M image; mkfs.ext4 -q image; mkdir cache; mount -o loop image cache
start_registry main
make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b)
# verifications MODE: reads the blob in a new mount, and prints how many were hashed.
verifications() {
  "$casfs" mount -o "verify=$1" "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b
  counter verifications; "$casfs" unmount "$mnt"
}
verifications remember >/dev/null
assert_eq "$(verifications remember)" 0
assert_eq "$(verifications once)" 1
umount cache
