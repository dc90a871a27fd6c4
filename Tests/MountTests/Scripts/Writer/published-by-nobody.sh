#!/bin/bash
. helpers.bash

python3 "$scripts/published-by-nobody.py" "$mnt"
assert_blob_count 7; assert_eq "$(counter commits)" 36
