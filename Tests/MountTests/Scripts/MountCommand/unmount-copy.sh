#!/bin/bash
. helpers.bash

"$casfs" create "$store"; "$casfs" mount "$store" "$mnt"; daemon=$(daemon_pid)
# A new mount namespace has a copy of the mount until its last process ends.
mkfifo end
unshare -m --propagation private bash -c 'echo >ready; read -r _ <end' & holder=$!
eventually test -e ready
"$casfs" unmount "$mnt" 2>err & unmounting=$!
eventually grep -q . err
grep -qF "its daemon $daemon serves a copy in the mount namespace of process" err || fail "said: $(cat err)"
assert_eq "$(wc -l <err)" 1
assert_fails 'no store is mounted' "$casfs" status "$mnt"
# A signal ends the command, and leaves the daemon to the copy.
kill -TERM $unmounting; if wait $unmounting; then fail "ended with 0"; fi
[ -e "/proc/$daemon" ]
echo >end; wait $holder
eventually has_exited "$daemon"
