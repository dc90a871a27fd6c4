#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b); head -c 1000000 /dev/urandom >c; other=$(upload_blob c)
"$casfs" mount "$repository" "$mnt"; exec 3<"$mnt/blobs/sha256/$blob"; clear_log
CASFS_CACHE_SIZE=0 "$casfs" blob get "$repository" "sha256:$other" | cmp - c
assert_eq "$(find cache -name "$blob" | wc -l)" 1; assert_eq "$(find cache -name "$other" | wc -l)" 0
cmp "$mnt/blobs/sha256/$blob" b; cmp - b <&3; exec 3<&-
assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$blob"'"))')" 0
"$casfs" unmount "$mnt"
CASFS_CACHE_SIZE=0 "$casfs" blob get "$repository" "sha256:$other" | cmp - c
assert_eq "$(find cache -name "$blob" | wc -l)" 0
