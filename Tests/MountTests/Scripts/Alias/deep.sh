#!/bin/bash
. helpers.bash

python3 "$scripts/deep.py" "$mnt"
assert_blob_count 1
rm -r "$mnt/incoming/d"; assert_eq "$(ls "$mnt/committed")" ''
