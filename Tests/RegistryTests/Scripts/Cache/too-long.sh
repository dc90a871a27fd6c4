#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b); head -c 1000000 /dev/urandom >c; other=$(upload_blob c)
kept() { [ "$(find cache -name "$1" | wc -l)" = "$2" ]; }
"$casfs" mount -o cache_size=2M "$repository" "$mnt"; clear_log
cmp "$mnt/blobs/sha256/$other" c
for i in 1 2; do
  cmp "$mnt/blobs/sha256/$blob" b
  assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$blob"'"))')" $i
  eventually kept "$blob" 0; kept "$other" 1
done
"$casfs" unmount "$mnt"
CASFS_CACHE_SIZE=2M "$casfs" blob get "$repository" "sha256:$blob" | cmp - b; kept "$blob" 0; kept "$other" 1
# The same with verification at each open.
"$casfs" mount -o cache_size=2M,verify=always "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b
