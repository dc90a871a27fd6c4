#!/bin/bash
# Collects garbage beside an entry whose digest is of an unsupported algorithm.
. "${BASH_SOURCE[0]%/*}/images.bash"

jq -c '.manifests += [{mediaType: .manifests[0].mediaType, digest: ("blake3:" + "0" * 64), size: 100,
  annotations: {"org.opencontainers.image.ref.name": "b3"}}]' index.json >store/index.json
loose=$(echo loose | "$casfs" blob put store)
assert_eq "$("$casfs" gc --grace 0 store)" "$loose"
"$casfs" create other
"$casfs" copy store latest other
if "$casfs" copy store b3 other 2>/dev/null; then exit 1; fi
assert_eq "$(names other)" latest
"$casfs" ref rm store b3
"$casfs" fsck store
echo 'done'
