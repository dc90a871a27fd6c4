#!/bin/bash
. helpers.bash
. hang.bash

mount_big_and_small 30000000; delay_calls pread64 1 "$copy"
for signal in INT TERM KILL QUIT; do
  default_signals cat "$big" >/dev/null & reader=$!; sleep 0.3; kill -0 $reader; assert_killed_by $signal $reader
done
assert_prompt cmp small "$mnt/blobs/sha256/$(sha256 small)"; assert_prompt ls -l "$mnt/blobs/sha256" "$mnt/refs" "$mnt/images"
# A reader with signal handlers may go on waiting, or leave.
python3 "$scripts/verification.py" "$big" >said & reader=$!; eventually test -e ready; sleep 1
kill -0 $reader; kill -USR1 $reader; wait $reader; assert_eq "$(cat said)" enough
assert_eq "$("$casfs" status --json "$mnt" | jq '.counters.failures, .open_files')" $'0\n0'
kill $tracer; wait $tracer || true
cmp big "$big"
