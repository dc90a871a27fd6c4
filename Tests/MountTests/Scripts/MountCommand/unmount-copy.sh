#!/bin/bash
. helpers.bash
. "$scripts/copied.bash"

grep -qF "its daemon $daemon serves a copy in the mount namespace of process" err || fail "said: $(cat err)"
assert_eq "$(wc -l <err)" 1
assert_fails 'no store is mounted' "$casfs" status "$mnt"
# A signal ends the command, and leaves the daemon to the copy.
kill -TERM $unmounting; if wait $unmounting; then fail "ended with 0"; fi
[ -e "/proc/$daemon" ]
end_copy
eventually has_exited "$daemon"
