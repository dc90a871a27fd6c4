#!/bin/bash
. helpers.bash

mkdir small; mount -t tmpfs -o size=8m none small
"$casfs" mount --create small/store "$mnt"
df --output=avail small | tail -1 >before
assert_fails 'No space left on device' dd if=/dev/zero of="$mnt/incoming/f" bs=64k count=1000
eventually test ! -e "$mnt/incoming/f"
assert_absent f
store=small/store
assert_blob_count 0; assert_fsck_clean
space() { [ "$(df --output=avail small | tail -1)" -ge $(($(cat before) - 64)) ]; }
eventually space
# The shell reports the error of write(2), and ignores that of close(2).
assert_fails 'No space left on device' bash -c "head -c 20000000 /dev/zero >$mnt/incoming/f"
eventually test ! -e "$mnt/incoming/f"; eventually space
echo a >"$mnt/incoming/f"; echo a >want; assert_committed f want; assert_blob_count 1; assert_fsck_clean
