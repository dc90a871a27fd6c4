#!/bin/bash
. helpers.bash
: "${signal:?}"

"$casfs" create "$store"
set -m; "$casfs" mount -f -o ro "$store" "$mnt" 2>log & job=$!; set +m
eventually test -d "$mnt/blobs"
assert_eq "$(daemon_pid)" $job
kill "-$signal" $job; wait $job
assert_eq "$(ls -A "$mnt")" ''
