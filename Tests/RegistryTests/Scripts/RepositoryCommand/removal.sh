#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; echo b >b; upload_blob b >/dev/null
"$casfs" blob get "$repository" "sha256:$(sha256 b)" | cmp - b
"$casfs" blob rm "$repository" "sha256:$(sha256 b)"
has_blob "$(sha256 b)" && fail "it is still there"
assert_fails "$(sha256 b)" "$casfs" blob get "$repository" "sha256:$(sha256 b)"
"$casfs" blob rm "$repository" "sha256:$(sha256 b)"
assert_eq "$(tag_digest v1)" "sha256:$manifest"
