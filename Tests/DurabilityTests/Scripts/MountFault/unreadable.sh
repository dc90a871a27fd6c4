#!/bin/bash
. helpers.bash

"$casfs" create "$store"; head -c 3000000 /dev/urandom >a; seq 9 >b
"$casfs" blob put "$store" a b
"$casfs" mount -f "$store" "$mnt" 2>log & eventually test -d "$mnt/blobs"
attach_strace -e trace=pread64 -e inject=pread64:error=EIO
assert_fails 'Input/output error' cat "$mnt/blobs/sha256/$(sha256 a)"
ls "$mnt/blobs/sha256" >/dev/null
detach_strace
grep -q INJECTED trace; assert_eq "$(grep -c 'Input/output error' log)" 1
cmp a "$mnt/blobs/sha256/$(sha256 a)"; cmp b "$mnt/blobs/sha256/$(sha256 b)"
"$casfs" unmount "$mnt"; wait
