#!/bin/bash
. helpers.bash
. keeper.bash

echo content >file; cp file "$mnt/incoming/file"
python3 "$scripts/older_state.py" "$(keeper_pid)" "${missing:?}"
assert_eq "$("$casfs" reload "$mnt")" "$("$casfs" --version)"
kill_server
cmp file "$mnt/blobs/sha256/$(sha256 file)"
assert_eq "$("$casfs" status --json "$mnt" | jq -c '[.restarts, .reloads]')" "[1,1]"
"$casfs" unmount "$mnt"; assert_fsck_clean
