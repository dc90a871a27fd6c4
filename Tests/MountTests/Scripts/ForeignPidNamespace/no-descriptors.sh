#!/bin/bash
. helpers.bash

python3 "$scripts/no-descriptors.py" "$mnt" "$(daemon_pid)"
assert_fsck_clean
