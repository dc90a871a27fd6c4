#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v1
jq -c '.annotations = {a: ("x" * 5000000)}' <"a/blobs/sha256/$manifest" >big
curl -sSf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @big "$plain/manifests/big"
assert_eq "$(tag_digest big)" "sha256:$(sha256 big)"
assert_fails '4 MiB' "$casfs" blob get "$repository" big
"$casfs" mount "$repository" "$mnt"
cat "$mnt/refs/big" "$mnt/images/big/manifest" 2>/dev/null | grep -q xxxx && fail "it is served"
cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"
ls "$mnt/refs" >/dev/null; "$casfs" ref ls "$repository" | grep -qx v1
assert_fails "longer than" "$casfs" ref put "$repository" v2 "$("$casfs" blob put "$repository" big)"
