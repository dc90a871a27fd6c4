#!/bin/bash
. registry.bash
start_registry main

"$casfs" create "$store"
for arch in amd64 arm64; do
  make_image $arch; "$casfs" copy $arch latest "$store" $arch
  "$casfs" ref get "$store" $arch | jq -c --arg a $arch '.platform = {os: "linux", architecture: $a}' >>parts
done
jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <parts >index
digest=$("$casfs" blob put "$store" index); "$casfs" ref put "$store" all "$digest"
"$casfs" copy "$store" all "$repository"; assert_eq "$(skopeo inspect --raw --tls-verify=false "docker://$host/app:all" | sha256 /dev/stdin)" "$(sha256 index)"
skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$host/app:all" oci:out:all
assert_eq "$(ls out/blobs/sha256)" "$(ls "$store/blobs/sha256")"
assert_eq "$("$casfs" blob ls "$repository" | sort)" "$("$casfs" blob ls "$store" | sort)"
"$casfs" create back; "$casfs" copy "$repository" all back; "$casfs" fsck back
assert_eq "$(ls back/blobs/sha256)" "$(ls "$store/blobs/sha256")"
