#!/bin/bash
. helpers.bash

head -c 100000 /dev/urandom >a; cp a "$mnt/incoming/f"; cat "$mnt/blobs/sha256/"* >/dev/null
"$casfs" status --json "$mnt" >json; assert_eq "$(wc -l <json)" 1
assert_eq "$(jq -r .store json)" "dir:$store"; assert_eq "$(jq -r .driver json)" dir
assert_eq "$(jq -r .version json)" "$("$casfs" --version | cut -d ' ' -f 2)"
assert_eq "$(jq -r .verify json)" once; assert_eq "$(jq .commits_pending json)" 0
assert_eq "$(jq .counters.commits json)" 1; assert_eq "$(jq .counters.failures json)" 0
assert_eq "$(jq .counters.bytes_written json)" 100000
[ "$(jq .counters.bytes_read json)" -ge 100000 ]
assert_eq "$(jq -r .read_mode json)" splice
"$casfs" status "$mnt" >text
for word in store driver version verify commits failures; do grep -q $word text || fail "no $word"; done
grep -q "$store" text
