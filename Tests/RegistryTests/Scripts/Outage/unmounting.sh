#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; "$casfs" mount "$repository" "$mnt"; daemon=$(daemon_pid); stop_registry main
timeout 20 "$casfs" unmount "$mnt"; assert_exited "$daemon"
assert_fails "$host/app" timeout 30 "$casfs" mount "$repository" "$mnt"
if mountpoint -q "$mnt"; then fail "mounted"; fi
