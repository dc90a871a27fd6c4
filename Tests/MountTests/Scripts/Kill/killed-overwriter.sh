#!/bin/bash
. helpers.bash

echo a >a; cp a "$mnt/incoming/f"
bash -c 'exec 3>>$0; echo half >&3; kill -KILL $$' "$mnt/incoming/f" || true
eventually cmp a "$mnt/incoming/f"
assert_committed f a
assert_blob_count 1; assert_fsck_clean
