#!/bin/bash
. helpers.bash
. keeper.bash

echo kept >kept; cp kept "$mnt/incoming/kept"; keeper=$(keeper_pid)
strace -qq -o trace -p "$keeper" -e trace=poll & tracer=$!
eventually grep -q "TracerPid:.$tracer" "/proc/$keeper/status"
# No server can begin without its store.
mv "$store" away; kill -KILL "$(server_pid)"
# pauses: prints the times in ms for which the keeper waits before servers. It also looks whether a dead one is gone.
pauses() { grep -oE '\}\], 2, [0-9]+\)' trace | grep -oE '[0-9]+\)$' | grep -v '^1)' | head -n 4 | tr '\n' ' '; }
has_tried() { [ "$(pauses | wc -w)" = 4 ]; }
eventually has_tried
kill -INT $tracer; wait $tracer || true
assert_eq "$(pauses)" '0) 0) 100) 200) '
mv away "$store"; cmp "$mnt/committed/kept" kept
