#!/bin/bash
# A mount as a unit of systemd runs it: in the foreground, with a message when it is usable, a reload and an unmount.
. helpers.bash
. keeper.bash
: "${options:?}"

"$casfs" create "$store"
python3 "$scripts/notified.py" notify >message & listener=$!
eventually test -S notify
set -m; NOTIFY_SOCKET=$top/notify "$casfs" mount -f -o "$options" "$store" "$mnt" & job=$!; set +m
wait $listener; assert_eq "$(cat message)" READY=1
echo a >a; cp a "$mnt/incoming/a"; assert_committed a a
case $options in *keeper*)
  assert_eq "$(keeper_pid)" $job
  "$casfs" reload "$mnt"; kill_server; assert_committed a a ;;
esac
"$casfs" unmount "$mnt"; wait $job
