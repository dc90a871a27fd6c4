#!/bin/bash
. helpers.bash
: "${call:?}" "${error:?}" "${message:?}"

"$casfs" create "$store"; seq 100000 >a; seq 9 >b
"$casfs" mount -f "$store" "$mnt" 2>log & eventually test -d "$mnt/blobs"
cp b "$mnt/incoming/b"; find "$store" | sort >before; : >log
attach_strace -e trace="$call" -e inject="$call:error=$error:when=1+"
assert_fails "$message" cp a "$mnt/incoming/a"
# Other requests succeed unless they need such a call.
assert_eq "$(readlink "$mnt/committed/b")" "../blobs/sha256/$(sha256 b)"
[ "$call" = openat2 ] || cmp b "$mnt/incoming/b"
detach_strace
grep -q INJECTED trace
assert_eq "$(grep -c "$message" log)" 1
eventually test ! -e "$mnt/incoming/a"; assert_absent a
rm -f "$store/blobs/sha256/$(sha256 a)"; find "$store" | sort | cmp before
cp a "$mnt/incoming/a"; assert_committed a a; assert_blob_count 2
"$casfs" unmount "$mnt"; wait; assert_fsck_clean
