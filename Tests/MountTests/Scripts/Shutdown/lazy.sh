#!/bin/bash
. helpers.bash
: "${command:?}"

daemon=$(daemon_pid); head -c 3000000 /dev/urandom >a; cp a "$mnt/incoming/f"; hex=$(sha256 a)
exec 3<"$mnt/blobs/sha256/$hex" 4>"$mnt/incoming/g" 5>"$mnt/incoming/h" 6<"$mnt/incoming"
echo b >&4; echo half >&5
$command "$mnt"
assert_eq "$(ls -A "$mnt")" ''
cmp a <(cat <&3); exec 3<&-
echo c >&4; assert_blob_count 1
exec 4>&-; assert_blob_count 2; printf 'b\nc\n' >want; cmp want "$store/blobs/sha256/$(sha256 want)"
# An open directory gives access to the unmounted tree.
echo d >/proc/self/fd/6/d; assert_blob_count 3; exec 6<&-
# A new mount at the same place is independent.
"$casfs" mount "$store" "$mnt"; echo e >"$mnt/incoming/e"; assert_blob_count 4; "$casfs" unmount "$mnt"
if has_exited "$daemon"; then fail "it ended while a file was open"; fi
exec 5>&-; assert_blob_count 5
eventually has_exited "$daemon"
