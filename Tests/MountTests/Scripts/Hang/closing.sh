#!/bin/bash
. helpers.bash
. hang.bash

mount_big_and_small 300000
exec 5<"$big"; head -c 10 <&5 | cmp -n 10 - big
# Until the blob leaves the cache of open blobs.
sleep 2.5; delay_calls close 15 "$copy" 5<&-
exec 5<&-; sleep 0.2
assert_prompt cmp small "$mnt/blobs/sha256/$(sha256 small)"; assert_prompt ls -l "$mnt/refs" "$mnt/images"; assert_prompt cmp big "$big"
kill $tracer
