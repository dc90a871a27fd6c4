#!/bin/bash
. helpers.bash

for i in 1 2 3; do
  setsid bash -c '"$casfs" mount --create $store $mnt && ls $mnt/blobs >/dev/null && exec kill -KILL $$' || true
  echo $i >"$mnt/incoming/f"
  assert_eq "$("$casfs" status --json "$mnt" | jq -r .store)" "dir:$store"
  daemon=$(daemon_pid)
  assert_eq "$(readlink "/proc/$daemon/cwd")" /
  for fd in 0 1 2; do assert_eq "$(readlink "/proc/$daemon/fd/$fd")" /dev/null; done
  "$casfs" unmount "$mnt"
  assert_exited "$daemon"
  assert_eq "$(ls -A "$mnt")" ''
done
assert_blob_count 3
