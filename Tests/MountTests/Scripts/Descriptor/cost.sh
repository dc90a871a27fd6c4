#!/bin/bash
. helpers.bash

attach_strace -e trace=openat
python3 "$scripts/cost.py" "$mnt" 100
detach_strace
assert_blob_count 100
# Each file's number twice, and each time the standard streams: a hundred closes that read all would be 5,000.
count=$(grep -c fdinfo trace)
[ "$count" -le 2000 ] || fail "$count descriptors read"
