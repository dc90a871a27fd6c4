#!/bin/bash
. helpers.bash

assert_eq "$("$casfs" status --json "$mnt" | jq .commits_pending)" 0
# A sparse file takes a while to hash, and no space.
truncate -s 2G "$mnt/incoming/f" & writer=$!
eventually bash -c '[ "$("$casfs" status --json $mnt | jq .commits_pending)" = 1 ]'
wait $writer
assert_eq "$("$casfs" status --json "$mnt" | jq .commits_pending)" 0
