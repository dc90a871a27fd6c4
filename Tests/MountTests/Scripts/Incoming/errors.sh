#!/bin/bash
. helpers.bash

mkdir disk
python3 "$scripts/errors.py" "$mnt/incoming" "$top/disk"
assert_fsck_clean
