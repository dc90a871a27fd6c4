#!/bin/bash
. helpers.bash
: "${how:?}"

python3 "$scripts/races.py" "$mnt" "$store" "$how"
assert_fsck_clean
