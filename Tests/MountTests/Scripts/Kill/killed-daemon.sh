#!/bin/bash
. helpers.bash

daemon=$(daemon_pid)
(for i in {1..500}; do echo "$i" >a; cp a "$mnt/incoming/f$i" || exit 0; echo "$i" >>acknowledged; done) 2>/dev/null &
eventually test -s acknowledged; sleep 0.3
kill -KILL "$daemon"
wait
while read -r i; do [ -e "$store/blobs/sha256/$(echo "$i" | sha256sum | cut -c 1-64)" ] || fail "$i is lost"; done <acknowledged
assert_blob_count "$(ls "$store/blobs/sha256" | wc -l)"; assert_fsck_clean
"$casfs" mount "$store" "$mnt"
assert_eq "$("$casfs" clean "$store" | tail -1 | tr -dc 0-9)" "$("$casfs" clean "$store" | tail -1 | tr -dc 0-9)"
