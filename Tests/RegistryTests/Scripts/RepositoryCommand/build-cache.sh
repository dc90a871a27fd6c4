#!/bin/bash
# A cache as BuildKit writes it: the entries of its index are layers and a document of its own.
. registry.bash
start_registry main

# entry TYPE: stores standard input, and prints its descriptor.
entry() { "$casfs" blob put --json "$store" | jq -c --arg t "$1" '{mediaType: $t, digest, size}'; }

"$casfs" create "$store"
layer=$(head -c 100000 /dev/urandom | entry application/vnd.oci.image.layer.v1.tar+gzip)
cache=$(echo '{"layers":[],"records":[]}' | entry application/vnd.buildkit.cacheconfig.v0)
index=$(jq -nc --argjson l "$layer" --argjson c "$cache" '{schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json", manifests: [$l, $c]}' | entry application/vnd.oci.image.index.v1+json)
"$casfs" ref put "$store" cache - <<<"$index"
"$casfs" copy "$store" cache "$repository"
assert_eq "sha256:$(curl -sSf -H "Accept: $(jq -r .mediaType <<<"$index")" "$plain/manifests/cache" | sha256 /dev/stdin)" \
  "$(jq -r .digest <<<"$index")"
"$casfs" create back; "$casfs" copy "$repository" cache back; "$casfs" fsck back
assert_eq "$(ls back/blobs/sha256)" "$(ls "$store/blobs/sha256")"
