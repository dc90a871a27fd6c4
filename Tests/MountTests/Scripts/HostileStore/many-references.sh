#!/bin/bash
. helpers.bash

python3 -B "$scripts/many-references.py"
$casfs mount "$store" "$mnt"
assert_eq "$(ls -f "$mnt/refs" | wc -l)" 20003
jq -r .digest "$mnt/refs/a19999/b" "$mnt/refs/a0/b" | sort -u | wc -l | grep -qx 1
cp "$mnt/refs/first" "$mnt/refs/second"
assert_eq "$($casfs ref ls "$store" | wc -l)" 20002
assert_eq "$($casfs gc --grace 0 "$store")" ""
assert_eq "$(readlink "$mnt/images/a500/b/layers/00")" "../../../../blobs/sha256/$(printf layer | sha256sum | cut -c 1-64)"
