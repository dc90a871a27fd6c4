#!/bin/bash
. helpers.bash
. keeper.bash

echo a >"$mnt/incoming/a"; server=$(daemon_pid)
kill -KILL "$(keeper_pid)"; eventually has_exited "$server"
eventually bash -c 'ls "$mnt" 2>&1 | grep -q "not connected"'
"$casfs" unmount "$mnt"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0; assert_blob_count 1
