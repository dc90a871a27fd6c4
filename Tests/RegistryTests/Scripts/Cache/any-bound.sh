#!/bin/bash
. registry.bash
: "${size:?}"
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b)
CASFS_CACHE_SIZE=$size "$casfs" blob get "$repository" "sha256:$blob" | cmp - b
rm -r cache; "$casfs" mount -o cache_size="$size" "$repository" "$mnt"
cmp "$mnt/blobs/sha256/$blob" b; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
