#!/bin/bash
. helpers.bash

# Tests that run beside this one have mounts too, whose paths have octal escapes here.
while read -r -a fields; do umount -l "$(printf %b "${fields[4]}")"; done < <(grep -F ' - fuse.casfs ' /proc/self/mountinfo)
for name in serving hung dead covered; do
  mkdir "$name"; "$casfs" mount -o nokeeper --create "$store.$name" "$name"
done
# A second directory of one mount, and a part of it, are not further mounts.
mkdir bound part
mount --bind serving bound; mount --bind serving/refs part
kill -KILL "$("$casfs" status --json dead | jq .process)"
mount -t tmpfs none covered
hung=$("$casfs" status --json hung | jq .process)
suspend "$hung"
# Each waits for the daemon that does not answer.
"$casfs" status --format openmetrics >metrics & first=$!
"$casfs" status >text & second=$!
"$casfs" status --json >json
wait $first; wait $second
kill -CONT "$hung"
assert_eq "$(cat text)" "$top/serving	serving	dir:$store.serving
$top/hung	hung	$store.hung
$top/dead	dead	$store.dead
$top/covered	hidden	$store.covered"
assert_eq "$(jq -r '[.directory, .state, .store] | @tsv' json)" "$(cat text)"
assert_eq "$(jq -c 'keys' <(sed -n 2p json))" '["directory","state","store"]'
assert_eq "$(jq .counters.commits <(sed -n 1p json))" 0
# The daemon goes on when it is continued.
serves() { "$casfs" status | grep -qxF "$1	serving	dir:$2"; }
eventually serves "$top/hung" "$store.hung"
# Another user lists the mount, and has no access to it.
assert_eq "$(setpriv --reuid=65534 --regid=65534 --clear-groups "$casfs" status | sed -n 1p)" \
  "$top/serving	denied	$store.serving"
umount covered
for name in bound part serving hung dead covered; do umount "$name"; done
