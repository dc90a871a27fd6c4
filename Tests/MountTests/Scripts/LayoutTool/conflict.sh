#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"
first=$("$casfs" ref get "$store" a | jq -r .digest)
skopeo copy -q --insecure-policy oci:image:v2 "oci:$mnt:b"
second=$("$casfs" ref get "$store" b | jq -r .digest)
# Two writers that start from one version.
cat "$mnt/index.json" >base
move() { jq -c --arg d "$1" '(.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "a") | .digest) = $d' base; }
move "sha256:$(printf 1 | sha256sum | cut -d ' ' -f 1)" >one
move "$second" >two
cp one "$mnt/index.json"
if [ "${policy:-last}" = refuse ]; then
  assert_fails 'File exists' cp two "$mnt/index.json"
  "$casfs" status "$mnt" | grep -q "^refusals	1$"
  exit 0
fi
cp two "$mnt/index.json"
assert_eq "$("$casfs" ref get "$store" a | jq -r .digest)" "$second"
lost=$("$casfs" ref ls --unnamed "$store")
assert_eq "$lost" "@$(jq -r '.manifests[0].digest' one)	a"
"$casfs" status "$mnt" | grep -q "^conflicts	1$"
"$casfs" ref rm "$mnt" "${lost%%	*}"
assert_eq "$("$casfs" ref ls --unnamed "$store")" ''
[ "$first" != "$second" ]
