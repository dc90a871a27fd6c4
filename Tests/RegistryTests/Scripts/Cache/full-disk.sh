#!/bin/bash
. registry.bash
start_registry main

mkdir cache; mount -t tmpfs -o size=8m none cache
make_image a; push_image a v1; "$casfs" mount "$repository" "$mnt"
for i in {1..6}; do head -c 3000000 /dev/urandom >"b$i"; upload_blob "b$i" >/dev/null; cmp "$mnt/blobs/sha256/$(sha256 "b$i")" "b$i"; done
head -c 5000000 /dev/urandom >new; cp new "$mnt/incoming/"; has_blob "$(sha256 new)"
CASFS_CACHE_SIZE=1G "$casfs" blob get "$repository" "sha256:$(sha256 b1)" | cmp - b1
# A blob that does not fit is an error, and delays nothing.
head -c 20000000 /dev/urandom >large; upload_blob large >/dev/null
assert_fails 'No space left on device' cat "$mnt/blobs/sha256/$(sha256 large)"
assert_fails 'No space left on device' cp large "$mnt/incoming/"
cmp "$mnt/blobs/sha256/$(sha256 b2)" b2; assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"
