#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; head -c 20000000 /dev/urandom >b; blob=$(upload_blob b)
"$casfs" mount "$repository" "$mnt"; clear_log
inject_fault '{"on": "GET .*/blobs/", "slow": 0.00005, "times": -1}'
for i in {1..8}; do cmp "$mnt/blobs/sha256/$blob" b & readers[i]=$!; done
for reader in "${readers[@]}"; do wait "$reader"; done
assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$blob"'"))')" 1
"$casfs" blob get "$repository" "sha256:$blob" | cmp - b
"$casfs" unmount "$mnt"; "$casfs" mount "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b
assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$blob"'"))')" 1
assert_eq "$(find cache/casfs -name "$blob" | wc -l)" 1
