#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; { head -c 1000000 /dev/zero; head -c 2000000 /dev/urandom; } >b; blob=$(upload_blob b)
"$casfs" blob get "$repository" "sha256:$blob" | cmp - b
kept=$(find cache/casfs -name "$blob"); chmod u+w "$kept"
printf x | dd of="$kept" bs=1 seek=999999 conv=notrunc status=none
"$casfs" mount "$repository" "$mnt"
# Either fetched again or an error.
if cat "$mnt/blobs/sha256/$blob" >got 2>said; then cmp got b; else grep -q 'Input/output' said; assert_eq "$(wc -c <got)" 0; fi
