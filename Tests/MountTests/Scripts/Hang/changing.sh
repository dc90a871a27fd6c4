#!/bin/bash
. helpers.bash
. hang.bash

mount_big_and_small 30000000; delay_calls pread64 1 "$copy"
for _ in {1..8}; do touch "$copy"; timeout -s KILL 0.2 head -c 1 "$big" || true; done
assert_eq "$(cat "/proc/$(daemon_pid)/task/"*/comm | grep -c casfs-verify)" 1
assert_prompt cmp small "$mnt/blobs/sha256/$(sha256 small)"
kill $tracer; wait $tracer || true; timeout 30 cmp big "$big"
