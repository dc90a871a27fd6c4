#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; export CASFS_CACHE_SIZE=5M
# A blob used within the last minute is not evicted, so an hour passes between two uses.
pass() { find cache -type f | while read -r f; do touch -d "@$(($(stat -c %Y "$f") - 3600))" "$f"; done; }
for i in {1..12}; do
  head -c 1000000 /dev/urandom >"b$i"; upload_blob "b$i" >/dev/null; clear_log
  "$casfs" blob get "$repository" "sha256:$(sha256 "b$i")" | cmp - "b$i"; pass
  "$casfs" blob get "$repository" "sha256:$(sha256 b1)" | cmp - b1
  [ "$i" = 1 ] || assert_eq "$(count_requests '.method == "GET" and (.target | contains("'"$(sha256 b1)"'"))')" 0
  [ "$(du -sk --apparent-size cache | cut -f 1)" -lt 6500 ] || fail "$(du -sk --apparent-size cache) after $i"
done
assert_eq "$(find cache -name "$(sha256 b2)" | wc -l)" 0; assert_eq "$(find cache -name "$(sha256 b12)" | wc -l)" 1
assert_fails 'CASFS_CACHE_SIZE' env CASFS_CACHE_SIZE=much "$casfs" ref ls "$repository"
