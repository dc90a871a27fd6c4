#!/bin/bash
. helpers.bash
. hang.bash

seq 100 >small; cp small "$mnt/incoming/small"; getfattr --only-values -n user.casfs.digest "$mnt/incoming/small" >digest
delay_calls fsync,sync_file_range 60
for call in fsync close; do
  python3 "$scripts/commit.py" "$mnt/incoming/$call" $call & writer=$!; eventually test -e $call; sleep 0.3
  assert_prompt cmp small "$mnt/blobs/sha256/$(sha256 small)"; assert_prompt ls -l "$mnt/refs" "$mnt/images"; assert_prompt "$casfs" status "$mnt"
  # A signal that the caller handles does not free it, because the fate of the content would be unknown.
  kill -USR1 $writer; sleep 0.2; kill -0 $writer; assert_killed_by TERM $writer
done
for wanting in "ls $mnt/incoming" "stat $mnt/incoming/close" "cat $mnt/incoming/close" "cat $mnt/blobs/sha256/$(sha256 digest)"; do
  # shellcheck disable=SC2086 # a command with its arguments
  assert_blocks $wanting
done
default_signals cp digest "$mnt/refs/r" & tagging=$!; sleep 0.3; assert_killed_by INT $tagging
kill $tracer; wait $tracer || true
# The file killed during fsync is discarded, the one killed during close is committed.
assert_eq "$(ls "$mnt/incoming")" $'close\nsmall'; printf %s "$mnt/incoming/close" >want; assert_committed close want; assert_blob_count 2; assert_fsck_clean
# Threads that waited end.
few() { [ "$(ls "/proc/$(daemon_pid)/task" | wc -l)" -le 12 ]; }
eventually few
