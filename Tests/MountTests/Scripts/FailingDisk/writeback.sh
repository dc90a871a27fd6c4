#!/bin/bash
. helpers.bash

# The disk below the image has less space than the file system on it promises, so that write-back fails.
mkdir below disk; mount -t tmpfs -o size=8m none below
truncate -s 64M below/image; mkfs.ext4 -q -O ^has_journal -E lazy_itable_init=0 below/image
mount -o loop,errors=continue below/image disk
store=disk/store; "$casfs" create $store; sync -f disk
"$casfs" mount $store "$mnt"
head -c 20000000 /dev/zero >below/fill 2>/dev/null || true
for how in fsync close; do
  python3 "$scripts/writeback.py" "$mnt/incoming/$how" $how
  eventually test ! -e "$mnt/incoming/$how"; assert_absent $how
done
assert_eq "$(ls $store/blobs/sha256)" ''
rm below/fill; sync -f disk || true
echo a >want; cp want "$mnt/incoming/f"; assert_committed f want; assert_blob_count 1
"$casfs" unmount "$mnt"; umount disk below
