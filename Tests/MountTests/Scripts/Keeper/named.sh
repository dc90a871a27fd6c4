#!/bin/bash
. helpers.bash
. keeper.bash

keeper=$(keeper_pid); server=$(daemon_pid)
assert_eq "$(ps -o args= -p "$keeper")" "casfs: keeper of $mnt"
assert_eq "$(ps -o args= -p "$server")" "casfs: server of $mnt"
assert_eq "$(ps -o comm= -p "$keeper")" casfs-keeper
assert_eq "$(ps -o comm= -p "$server")" casfs
assert_eq "$(ps -o ppid= -p "$server" | tr -d ' ')" "$keeper"
assert_eq "$("$casfs" status --json "$mnt" | jq .restarts)" 0
for process in $keeper $server; do
  assert_eq "$(readlink "/proc/$process/cwd")" /
  for fd in 0 1 2; do assert_eq "$(readlink "/proc/$process/fd/$fd")" /dev/null; done
done
kill_server
assert_eq "$("$casfs" status --json "$mnt" | jq .restarts)" 1
"$casfs" status --format openmetrics "$mnt" | grep '^casfs_restarts_total{.*} 1$'
# In KiB; the program of the tests has its libraries besides, which all processes share.
anonymous=$(awk '/^RssAnon/ { print $2 }' "/proc/$keeper/status")
[ "$anonymous" -le 4096 ] || fail "the keeper takes $anonymous KiB"
server=$(daemon_pid)
"$casfs" unmount "$mnt"; assert_exited "$keeper"; assert_exited "$server"
