#!/bin/bash
. helpers.bash

daemon=$(daemon_pid); seq 1000 >a; seq 9 >b; cp a "$mnt/incoming/a"; exec 3<"$mnt/blobs/sha256/$(sha256 a)"
rm -r "$store"
cmp a - <&3; exec 3<&-
eventually test ! -e "$mnt/blobs/sha256/$(sha256 a)"
assert_fails 'error writing' timeout 20 cp b "$mnt/incoming/b"
echo "sha256:$(sha256 a)" >digest; assert_fails 'cp: ' timeout 20 cp digest "$mnt/refs/a"
timeout 20 ls "$mnt" "$mnt/incoming" >/dev/null || true; timeout 20 ls "$mnt/refs" "$mnt/images" || true
"$casfs" unmount "$mnt"; eventually has_exited "$daemon"
