#!/bin/bash
. helpers.bash
: "${seed:?}"

python3 "$scripts/model.py" "$mnt" "$store" "$top" "$seed"
assert_fsck_clean
