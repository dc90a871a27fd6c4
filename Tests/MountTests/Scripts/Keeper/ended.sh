#!/bin/bash
# Without requests that are sent again, a call that the dead server had read ends with an error, and nothing else.
. helpers.bash
. keeper.bash

# status_of MEMBER: prints a member of the mount's status.
status_of() { "$casfs" status --json "$mnt" | jq -r ".$1"; }

head -c 3000000 /dev/urandom >blob; cp blob "$mnt/incoming/b"; digest=$(sha256 blob)
path=$mnt/blobs/sha256/$digest
assert_eq "$(status_of no_resend)" "the option noresend"
exec 5<"$path" 6<"$mnt/blobs"
head -c 1000000 <&5 >copy
# Requests that no server has read wait for the next one.
suspend "$(daemon_pid)"
(exec stat -f -c %T "$mnt" >kind) & waiting=$!
eventually grep -q request_wait "/proc/$waiting/wchan"
kill -KILL "$(server_pid)"; wait $waiting; assert_eq "$(cat kind)" fuseblk
# One that a server has read ends with it. The writer forks nothing: closing its file would wait for its write.
mkfifo go
{
  exec 7>"$mnt/incoming/lost"; : >opened; read -r _ <go
  echo lost >&7 && exit 1
  echo more >&7 && exit 1
  exec 7>&-
} 2>messages & writer=$!
eventually [ -e opened ]
server=$(daemon_pid); keeper=$(keeper_pid)
strace -f -qq -o trace -p "$server" -e trace=pwrite64 -e inject=pwrite64:delay_enter=60000000 5<&- 6<&- & tracer=$!
eventually grep -q "TracerPid:.$tracer" "/proc/$server/task/"*/status
echo >go
eventually grep -q pwrite64 trace
kill -KILL "$server"; kill -KILL $tracer; wait $tracer || true
wait $writer || true
assert_eq "$(sed -n 's/.*write error: //p' messages | tr '\n' ,)" 'Software caused connection abort,Input/output error,'
assert_blob_count 1
cat <&5 >>copy; cmp copy blob; assert_eq "$(ls /proc/self/fd/6/sha256)" "$digest"
assert_eq "$(keeper_pid) $(status_of restarts)" "$keeper 2"
# The next program reads through a descriptor of its own.
echo open | (exec 8>"$mnt/incoming/kept"; "$casfs" reload "$mnt" >/dev/null; cat >&8)
assert_eq "$(cat "$mnt/incoming/kept") $(status_of reloads)" "open 1"
kill_server; cmp "$path" blob
exec 5<&- 6<&-
suspend "$(daemon_pid)"; (exec stat -f "$mnt") >/dev/null 2>message & waiting=$!
eventually grep -q request_wait "/proc/$waiting/wchan"
kill -KILL "$keeper"; wait $waiting && fail "a request outlived the mount"
grep -Eq 'connection abort|not connected' message || fail "$(cat message)"
eventually bash -c 'ls "$mnt" 2>&1 | grep -q "not connected"'
"$casfs" mount -o keeper,noresend "$store" "$mnt"; "$casfs" unmount "$mnt"; assert_fsck_clean
