#!/bin/bash
. helpers.bash
: "${signal:?}"

"$casfs" create "$store"
set -m; "$casfs" mount -f -o ro "$store" "$mnt" 2>log & job=$!; set +m
eventually test -d "$mnt/blobs"
# The process in the foreground is the keeper, if there is one.
assert_eq "$(last_pid)" $job
kill "-$signal" $job; wait $job
assert_eq "$(ls -A "$mnt")" ''
