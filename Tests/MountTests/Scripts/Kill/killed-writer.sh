#!/bin/bash
. helpers.bash
: "${signal:?}"

ulimit -c 0
for threads in one threads; do
  for count in 1 100000 0; do
    rm -f ready
    python3 "$scripts/killed-writer.py" "$mnt/incoming/f" $threads $count & writer=$!
    eventually test -e ready
    kill "-$signal" $writer
    wait $writer 2>/dev/null && fail "it was not killed"
    eventually test ! -e "$mnt/incoming/f"
    assert_absent f
    assert_blob_count 0; assert_fsck_clean
  done
done
