#!/bin/bash
. helpers.bash

mkdir small; mount -t tmpfs -o size=1m none small
"$casfs" mount --create small/store "$mnt"
head -c 600000 /dev/zero >small/ballast
python3 "$scripts/repeated-error.py" "$mnt/incoming/f"
assert_eq "$(ls "$mnt/blobs/sha256")" ''
