#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
head -c 1000000 /dev/urandom >b; head -c 1000000 /dev/urandom >c; upload_blob b >/dev/null; upload_blob c >/dev/null
head -c 1000000 /dev/urandom >d
"$casfs" mount "$repository" "$mnt"
cat "$mnt/refs/v1" >/dev/null; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; cmp "$mnt/blobs/sha256/$(sha256 b)" b
echo "sha256:$manifest" >tag; stop_registry main
for _ in 1 2; do
  cmp "$mnt/blobs/sha256/$(sha256 b)" b; cmp "$mnt/blobs/sha256/$layer" "a/blobs/sha256/$layer"
  assert_fails 'Input/output error' timeout 20 cat "$mnt/blobs/sha256/$(sha256 c)"
  assert_fails 'Input/output error' timeout 20 cp d "$mnt/incoming/d"; eventually test ! -e "$mnt/incoming/d"
  assert_fails 'Input/output error' timeout 20 cp tag "$mnt/refs/v2"
  assert_fails "$host/app" timeout 20 "$casfs" blob put "$repository" d
done
timeout 20 ls "$mnt" "$mnt/refs" "$mnt/blobs/sha256" "$mnt/incoming" >/dev/null 2>&1 || [ $? -ne 124 ]
# A signal frees a waiting reader.
timeout -s INT 1 cat "$mnt/blobs/sha256/$(printf %064d 7)" 2>/dev/null || true
start_registry main
back() { cmp "$mnt/blobs/sha256/$(sha256 c)" c && cp b "$mnt/incoming/again" && ls "$mnt/refs" | grep -qx v1; }
eventually back
cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"; 
has_blob "$(sha256 d)" && fail "it is there although that was refused"; test ! -e "$mnt/blobs/sha256/$(sha256 d)"
cp d "$mnt/incoming/d"; has_blob "$(sha256 d)"; cmp "$mnt/blobs/sha256/$(sha256 d)" d
echo "sha256:$manifest" >"$mnt/refs/v2"; assert_eq "$(tag_digest v2)" "sha256:$manifest"
"$casfs" unmount "$mnt"
