#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; head -c 64M /dev/urandom >b; blob=$(upload_blob b)
"$casfs" mount -o verify=none "$repository" "$mnt"; clear_log
dd if="$mnt/blobs/sha256/$blob" bs=4096 skip=10000 count=1 status=none | cmp - <(dd if=b bs=4096 skip=10000 count=1 status=none)
tail -c 1000 "$mnt/blobs/sha256/$blob" | cmp - <(tail -c 1000 b)
got=$(bytes_sent '.target | contains("'"$blob"'")'); [ "$got" -lt 16000000 ] || fail "$got bytes for two ranges"
cmp "$mnt/blobs/sha256/$blob" b
got=$(bytes_sent '.target | contains("'"$blob"'")'); [ "$got" -lt 160000000 ] || fail "$got bytes for all of it"
