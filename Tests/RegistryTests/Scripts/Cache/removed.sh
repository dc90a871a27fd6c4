#!/bin/bash
. registry.bash
: "${what:?}"
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b); head -c 1000000 /dev/urandom >c; other=$(upload_blob c)
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b; cat "$mnt/refs/v1" >tag
rm -rf "$what"
cmp "$mnt/blobs/sha256/$blob" b; cmp "$mnt/blobs/sha256/$other" c
assert_eq "$(ls "$mnt/refs")" v1; cmp "$mnt/refs/v1" tag; assert_eq "$(ls "$mnt/blobs/sha256" | wc -l)" 3
echo new >new; cp new "$mnt/incoming/"; has_blob "$(sha256 new)"; cp "$mnt/refs/v1" "$mnt/refs/v2"; assert_eq "$(list_tags)" 'v1 v2'
assert_eq "$(find cache/casfs -name "$blob" | wc -l)" 1; assert_eq "$(stat -c %a cache/casfs)" 700
