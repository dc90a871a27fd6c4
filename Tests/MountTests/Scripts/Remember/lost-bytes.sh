#!/bin/bash
. disk.bash

head -c 3000000 /dev/urandom >a; commit a
umount disk
python3 "$scripts/lose.py" image a
mount -o loop image disk
# casfs-trust(7) says that this is not seen.
begin; assert_fails differ cmp a "$blob"; assert_eq "$(counter verifications)" 0; finish
assert_fails corrupt "$casfs" fsck "$store"
begin; assert_fails 'Input/output error' cat "$blob"; cp a "$mnt/incoming/f"; cmp a "$blob"; finish
assert_fsck_clean; assert_verifications 0 a
umount disk
