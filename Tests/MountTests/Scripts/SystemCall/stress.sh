#!/bin/bash
. helpers.bash

: "${seed:?}" "${seconds:?}"
mkdir "$mnt/incoming/tree"
python3 -B "$scripts/stress.py" "$mnt" tree "$seed" "$seconds"
"$casfs" unmount "$mnt"
assert_fsck_clean
