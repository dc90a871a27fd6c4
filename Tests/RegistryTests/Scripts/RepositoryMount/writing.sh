#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
"$casfs" mount "$repository" "$mnt"
head -c 5000000 /dev/urandom >b; cp b "$mnt/incoming/"; has_blob "$(sha256 b)"
curl -s "$plain/blobs/sha256:$(sha256 b)" | cmp - b
cmp b "$mnt/blobs/sha256/$(sha256 b)"; assert_eq "$(readlink "$mnt/committed/b")" "../blobs/sha256/$(sha256 b)"
(echo one; echo two) >"$mnt/incoming/text"; printf 'one\ntwo\n' >text; has_blob "$(sha256 text)"
: >"$mnt/incoming/empty"; : >empty; cmp "$mnt/committed/empty" empty; has_blob "$(sha256 empty)"
jq -c --arg d "sha256:$(sha256 b)" '.layers += [{mediaType: .layers[0].mediaType, digest: $d, size: 5000000}]'   <"a/blobs/sha256/$manifest" >m
cp m "$mnt/incoming/m"; echo "sha256:$(sha256 m)" >"$mnt/refs/v2"
assert_eq "$(tag_digest v2)" "sha256:$(sha256 m)"; assert_eq "$(jq -r .digest "$mnt/refs/v2")" "sha256:$(sha256 m)"
assert_eq "$(skopeo inspect --tls-verify=false "docker://$host/app:v2" | jq -r '.Layers[1]')" "sha256:$(sha256 b)"
skopeo inspect --raw --tls-verify=false "docker://$host/app:v2" | cmp - m
cmp b "$mnt/images/v2/layers/01"
cp "$mnt/refs/v2" "$mnt/refs/v3"; assert_eq "$(tag_digest v3)" "sha256:$(sha256 m)"
assert_fails 'File exists' bash -c "echo sha256:$manifest >$mnt/refs/v3"; assert_eq "$(tag_digest v3)" "sha256:$(sha256 m)"
assert_fails 'No such file' bash -c "echo sha256:$(printf %064d 0) >$mnt/refs/v4"
bash -c "echo sha256:$(sha256 b) >$mnt/refs/v4" 2>/dev/null || true
assert_eq "$(tag_digest v4)" ''; test ! -e "$mnt/refs/v4"
hex=$(printf %064d 0); assert_fails 'Bad message' cp b "$mnt/incoming/$hex"
# A broken promise leaves the stored blob.
bash -c ": >$mnt/blobs/sha256/$(sha256 b)"; cmp b "$mnt/blobs/sha256/$(sha256 b)"
