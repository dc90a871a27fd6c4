#!/bin/bash
. helpers.bash

unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/other-namespace-inside.sh" & outside=$!
eventually test -e ready
inside=$(pgrep -P $outside)
nsenter -m -t "$inside" bash "$scripts/other-namespace-writer.sh"
kill -KILL "$inside"; wait $outside || true
assert_fsck_clean
