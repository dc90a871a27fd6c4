#!/bin/bash
. helpers.bash

python3 "$scripts/last-close.py" "$mnt" "$store"
assert_blob_count 50
