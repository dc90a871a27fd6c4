#!/bin/bash
. helpers.bash

mode() { "$casfs" status --json "$mnt" | jq -r .read_mode; }
"$casfs" create "$store"
for mode in passthrough splice copy; do
  if [ $mode = passthrough ] && [ $UID != 0 ]; then
    assert_fails 'the kernel does not read files by itself' "$casfs" mount -o read=$mode "$store" "$mnt"
    continue
  fi
  "$casfs" mount -o read=$mode "$store" "$mnt"; assert_eq "$(mode)" $mode; "$casfs" unmount "$mnt"
done
if [ $UID = 0 ]; then best=passthrough; else best=splice; fi
"$casfs" mount -o read=auto "$store" "$mnt"; assert_eq "$(mode)" $best; "$casfs" unmount "$mnt"
assert_fails "read is one of auto" "$casfs" mount -o read=fast "$store" "$mnt"
