#!/bin/bash
. helpers.bash
: "${seed:?}" "${minutes:?}"

python3 "$scripts/damage.py" "$store" "$mnt" "$casfs" "$seed" "$minutes"
assert_fsck_clean
