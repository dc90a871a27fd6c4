#!/bin/bash
. helpers.bash
. rootfs.bash
. hang.bash

mkdir tree; head -c 20000000 /dev/urandom >tree/random; tar -C tree -cf big.tar .; "$casfs" create "$store"; image a big.tar
echo small >small; "$casfs" blob put "$store" small
"$casfs" mount "$store" "$mnt"
rootfs=$mnt/images/a/rootfs
delay_calls pread64 1 "$store/blobs/sha256/$(sha256 big.tar)"
default_signals ls "$rootfs" >/dev/null & reader=$!
eventually_opening() { [ "$("$casfs" status --json "$mnt" | jq '.opening_images | length')" = 1 ]; }
eventually eventually_opening
assert_prompt cmp small "$mnt/blobs/sha256/$(sha256 small)"; assert_prompt ls -l "$mnt/images/a/layers" "$mnt/refs"
assert_killed_by INT $reader
kill $tracer; wait $tracer || true
assert_eq "$(ls "$rootfs")" random
cmp "$rootfs/random" tree/random
assert_eq "$("$casfs" status --json "$mnt" | jq -c '.opening_images')" '[]'
