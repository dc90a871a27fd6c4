#!/bin/bash
. helpers.bash
. keeper.bash
: "${command:?}"

keeper=$(keeper_pid); server=$(daemon_pid)
# No server can begin without its store.
mv "$store" away; kill -KILL "$server"; eventually has_exited "$server"
eval "$command"
eventually has_exited "$keeper"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
mv away "$store"; "$casfs" mount "$store" "$mnt"; "$casfs" unmount "$mnt"
