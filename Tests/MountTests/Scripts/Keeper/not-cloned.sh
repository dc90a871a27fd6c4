#!/bin/bash
# /dev/fuse can be opened once only: the mount ends with its server, and the log says so.
. helpers.bash
. keeper.bash

"$casfs" create "$store"
strace -f -qq -o trace -P /dev/fuse -e trace=openat -e inject=openat:error=EACCES:when=2+ \
  "$casfs" mount -f -o keeper,noresend "$store" "$mnt" 2>log & job=$!
eventually test -d "$mnt/blobs"
assert_eq "$(cat log)" 'casfs: the mount ends with its server: open /dev/fuse: Permission denied'
kill -KILL "$(daemon_pid)"; wait $job && fail 'the keeper has not failed'
grep -q "the server of $mnt was killed by signal 9, and no other can answer its requests" log
assert_fails 'not connected' ls "$mnt"
"$casfs" unmount "$mnt"; assert_fsck_clean
