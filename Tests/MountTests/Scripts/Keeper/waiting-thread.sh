#!/bin/bash
# The server is killed, or crashes, while one thread has the lock of the store, another waits for that of a directory, and a caller, who has
# that, waits for an answer for which the lock of the store is needed.
. helpers.bash
. keeper.bash

blobs=$mnt/blobs/sha256; keeper=$(keeper_pid); server=$(daemon_pid)
for name in a b c; do echo $name >$name; cp $name "$mnt/incoming/$name"; done
rm "$mnt/incoming/c"; touch -d 2020-01-01 "$store/blobs/sha256/$(sha256 c)"
stat "$blobs/$(sha256 b)" >/dev/null
# is_in STATE THREADS: tells whether a thread of the server with such a name is in a state.
is_in() { grep -lE "^Name:.$2\$" "/proc/$server/task/"*/status | xargs grep -lE "^State:.$1" | grep -q .; }
# The index is replaced with the lock of the store held.
strace -f -qq -o trace -p "$server" -e trace=renameat -e inject=renameat:delay_enter=60000000 & tracer=$!
eventually grep -q "TracerPid:.$tracer" "/proc/$server/task/"*/status
{ sha256 a | sed 's/^/sha256:/' >"$mnt/refs/a"; } 2>/dev/null & writer=$!
eventually grep -q renameat trace
rm -f "$blobs/$(sha256 c)" & remover=$!
strace -qq -o kept -p "$keeper" -e trace=poll,pidfd_open & watcher=$!
eventually grep -q "TracerPid:.$watcher" "/proc/$keeper/status"
# notices: tells whether a thread waits for the directory, to tell the kernel that a blob was removed.
notices() { cp b "$store/blobs/sha256/$(sha256 b)"; rm "$store/blobs/sha256/$(sha256 b)"; is_in D 'casfs-(names|watch)'; }
eventually notices
kill -"${signal:?}" "$server"; kill -KILL $tracer; wait $tracer || true
# Without a kernel that sends it again, a request that the dead server had read is made again.
wait $remover || rm -f "$blobs/$(sha256 c)"; wait $writer || true
kill -INT $watcher; wait $watcher || true
# The keeper was told of the end, and has not found it by a look twice a second.
if sed '/^pidfd_open/q' kept | grep -q ', 500) *= 0 (Timeout)'; then fail "the keeper was not told"; fi
[ ! -e "$blobs/$(sha256 c)" ] || fail "the blob is still there"
"$casfs" unmount "$mnt"; assert_fsck_clean
