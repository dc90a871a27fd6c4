#!/bin/bash
. helpers.bash
. keeper.bash

echo kept >kept; cp kept "$mnt/incoming/kept"; keeper=$(keeper_pid)
# trace ARGUMENTS…: traces the keeper, with arguments of strace(1).
trace() {
  strace -qq -o trace -p "$keeper" "$@" & tracer=$!
  eventually grep -q "TracerPid:.$tracer" "/proc/$keeper/status"
}
# has_started N: tells whether the keeper has started N servers.
has_started() { [ "$(grep -c pidfd_open trace)" -ge "$1" ]; }

# Without pauses, more servers fail than a minute has time for.
trace -e trace=pidfd_open,poll -e inject=poll:retval=0
mv "$store" away; kill -KILL "$(server_pid)"
eventually has_started 20
kill -INT $tracer; wait $tracer || true
mv away "$store"
cmp "$mnt/committed/kept" kept

trace -f -e trace=pidfd_open,clone3 -e inject=clone3:error=EAGAIN
kill -KILL "$(server_pid)"
eventually has_started 2
kill -INT $tracer; wait $tracer || true
cmp "$mnt/committed/kept" kept
assert_eq "$(keeper_pid)" "$keeper"
for signal in PIPE USR1 USR2 ALRM; do kill -$signal "$keeper"; done
cmp "$mnt/committed/kept" kept
