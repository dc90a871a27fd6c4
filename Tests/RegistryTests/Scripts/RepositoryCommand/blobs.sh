#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2
assert_eq "$("$casfs" blob ls "$repository" | sort | tr '\n' ' ')"   "$(printf 'sha256:%s\n' "$config" "$layer" "$manifest" | sort | tr '\n' ' ')"
for blob in $config $layer $manifest; do
  "$casfs" blob get "$repository" "sha256:$blob" | cmp - "a/blobs/sha256/$blob"
done
"$casfs" blob get "$repository" v2 | cmp - "a/blobs/sha256/$manifest"
head -c 3000000 /dev/urandom >b; : >empty
assert_eq "$("$casfs" blob put "$repository" b empty | tr '\n' ' ')" "sha256:$(sha256 b) sha256:$(sha256 empty) "
curl -s "$plain/blobs/sha256:$(sha256 b)" | cmp - b; has_blob "$(sha256 empty)"
"$casfs" blob put "$repository" b >/dev/null
"$casfs" blob get "$repository" "sha256:$(sha256 b)" | cmp - b
# With an empty cache.
XDG_CACHE_HOME=$top/other "$casfs" blob get "$repository" "sha256:$(sha256 b)" | cmp - b
assert_fails 'sha256:00' "$casfs" blob get "$repository" "sha256:$(printf %064d 0)"
