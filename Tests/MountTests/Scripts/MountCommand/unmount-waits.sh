#!/bin/bash
. helpers.bash

"$casfs" create "$store"; "$casfs" mount "$store" "$mnt"; daemon=$(daemon_pid)
mkfifo end
unshare -m --propagation private bash -c 'echo >ready; read -r _ <end' & holder=$!
eventually test -e ready
"$casfs" unmount "$mnt" 2>err & unmounting=$!
eventually grep -q . err
# The command ends with the daemon, and that with the last copy.
echo >end; wait $holder; wait $unmounting
assert_exited "$daemon"
