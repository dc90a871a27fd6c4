#!/bin/bash
. helpers.bash

for i in 1 2; do
  kill -KILL "$(daemon_pid)"
  eventually bash -c '! ls $mnt'
  assert_fails 'not connected' ls "$mnt"
  "$casfs" mount -o nokeeper "$store" "$mnt"; echo $i >"$mnt/incoming/f"
  assert_eq "$(grep -c " $mnt " /proc/self/mountinfo)" 1
done
kill -KILL "$(daemon_pid)"; eventually bash -c '! ls $mnt'
"$casfs" unmount "$mnt"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
assert_blob_count 2
