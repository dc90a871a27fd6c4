#!/bin/bash
. helpers.bash

head -c 3000000 /dev/urandom >a
python3 "$scripts/sendfile.py" a "$mnt/incoming"
assert_committed send a
assert_committed range a
assert_blob_count 1
