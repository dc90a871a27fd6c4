#!/bin/bash
. helpers.bash

python3 "$scripts/exec.py" "$mnt" "$store"
assert_blob_count 3
