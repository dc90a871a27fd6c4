#!/bin/bash
. helpers.bash

python3 "$scripts/strange-names.py" "$mnt" "$store"
touch "$mnt/incoming/"$'\xff'; assert_eq "$(ls "$mnt/incoming")" $'\xff'
"$casfs" status --json "$mnt" | jq -e .counters.commits >/dev/null
assert_blob_count 15
# Components that go up are resolved.
echo x >"$mnt/incoming/../incoming/f"; assert_eq "$(cat "$mnt/committed/../incoming/f")" x
assert_eq "$(stat -c %i "$mnt/incoming/..")" "$(stat -c %i "$mnt")"
