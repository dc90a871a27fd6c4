#!/bin/bash
. helpers.bash

printf whole >want
for status in 0 1 77; do
  python3 "$scripts/exited.py" "$mnt/incoming/f$status" $status || assert_eq $? $status
  assert_committed f$status want
done
assert_blob_count 1; assert_fsck_clean
