#!/bin/bash
. helpers.bash
. keeper.bash

echo a >"$mnt/incoming/a"; keeper=$(keeper_pid)
kill_server; kill_server
kill -KILL "$(daemon_pid)"
eventually has_exited "$keeper"
eventually bash -c 'ls "$mnt" 2>&1 | grep -q "not connected"'
"$casfs" mount -o keeper "$store" "$mnt"; ls "$mnt/blobs/sha256/$(echo a | sha256sum | cut -c 1-64)"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo)" 1
"$casfs" unmount "$mnt"
