#!/bin/bash
. helpers.bash
: "${call:?}"

"$casfs" create "$store"; seq 100000 >a
strace -f -qq -o trace -e trace="$call" -e inject="$call:error=EINTR:when=1..50+2" "$casfs" blob put "$store" a
grep -q INJECTED trace
assert_blob_count 1; "$casfs" fsck "$store"
