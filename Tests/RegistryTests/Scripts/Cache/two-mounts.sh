#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b)
mkdir mnt2; "$casfs" mount "$repository" "$mnt"; "$casfs" mount "$repository" mnt2; clear_log
cmp "$mnt/blobs/sha256/$blob" b; cmp "mnt2/blobs/sha256/$blob" b
assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$blob"'"))')" 1
