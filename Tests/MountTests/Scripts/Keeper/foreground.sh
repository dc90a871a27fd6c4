#!/bin/bash
. helpers.bash
. keeper.bash
: "${target:?}"

"$casfs" create "$store"
set -m; "$casfs" mount -f -o keeper "$store" "$mnt" 2>log & job=$!; set +m
eventually test -d "$mnt/blobs"
assert_eq "$(keeper_pid)" $job
kill_server
grep -q "the server of $mnt was killed by signal 9; server 2 goes on" log
kill -INT "$("$casfs" status --json "$mnt" | jq ".$target")"; wait $job
assert_eq "$(ls -A "$mnt")" ''
