#!/bin/bash
. helpers.bash

"$casfs" create "$store"
strace -f -qq -o trace -e trace=mount,setsid "$casfs" mount "$store" "$mnt" & tracer=$!
# strace ends with the daemon.
eventually "$casfs" status "$mnt"
eventually grep -q 'setsid()' trace
"$casfs" unmount "$mnt"; wait $tracer
mounted=$(grep -nE ' mount\(.*= 0$' trace | cut -d : -f 1)
# The server leaves, and its keeper.
left=$(grep -n ' setsid()' trace | cut -d : -f 1 | head -n 1)
[ "$mounted" -lt "$left" ] || fail "setsid before mount: $(cat trace)"
