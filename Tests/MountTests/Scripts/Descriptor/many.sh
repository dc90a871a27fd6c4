#!/bin/bash
. helpers.bash

python3 "$scripts/many.py" "$mnt" "$store"
assert_blob_count 10
