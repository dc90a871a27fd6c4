#!/bin/bash
. helpers.bash
. keeper.bash
: "${command:?}"

keeper=$(keeper_pid)
# The next server takes longer to begin than this script waits for anything.
strace -f -qq -o trace -p "$keeper" -e trace=execve -e inject=execve:delay_enter=60000000 & tracer=$!
eventually grep -q "TracerPid:.$tracer" "/proc/$keeper/status"
kill -KILL "$(daemon_pid)"
# By the trace: the dead server may still be a child of the keeper.
has_begun() { server=$(sed -n 's/^\([0-9]*\) .*execve.*/\1/p' trace | head -n 1); [ -n "$server" ]; }
eventually has_begun
eval "$command"
case $command in kill*) kill -INT $tracer ;; esac
eventually has_exited "$keeper"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
kill -INT $tracer || true; wait $tracer || true
