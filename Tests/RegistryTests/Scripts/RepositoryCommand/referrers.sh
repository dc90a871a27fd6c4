#!/bin/bash
# Copies an image with two signatures, one of which has a note, into a repository and out of it.
. registry.bash
"start_${kind:?}_registry" main "${settings:?}"

# put TYPE: stores standard input, and prints its descriptor.
put() { "$casfs" blob put --json "$store" | jq -c --arg t "application/vnd.oci.$1" '{mediaType: $t, digest, size}'; }
# attach TYPE SUBJECT: stores a manifest with a subject, and prints its descriptor.
attach() {
  jq -nc --arg t "$1" --argjson c "$empty" --argjson s "$2" '{schemaVersion: 2, artifactType: $t, config: $c, layers: [$c],
    mediaType: "application/vnd.oci.image.manifest.v1+json", subject: $s}' | put image.manifest.v1+json
}
digest_of() { jq -r .digest <<<"$1"; }

"$casfs" create "$store"; empty=$(printf '{}' | put empty.v1+json)
image=$(jq -nc --argjson c "$empty" '{schemaVersion: 2, config: $c, layers: []}' | put image.manifest.v1+json)
signature=$(attach x/signature "$image"); other=$(attach x/other "$image"); note=$(attach x/note "$signature")
for name in v1 "sha256-$(digest_of "$image" | cut -d: -f2).sig"; do "$casfs" ref put "$store" "$name" - <<<"$image"; done
# Entries of the index without a name, as other tools make them.
jq -c --argjson a "$signature" --argjson b "$other" --argjson c "$note" '.manifests += [$a, $b, $c]' "$store/index.json" >new
mv new "$store/index.json"

"$casfs" copy --referrers "$store" v1 "$repository"
list() {
  local place=manifests/${1/:/-}
  if [ "$settings" != '{}' ]; then place=referrers/$1; fi
  curl -sSf -H 'Accept: application/vnd.oci.image.index.v1+json' "$plain/$place"
}
assert_eq "$(list "$(digest_of "$signature")" | jq -r '.manifests[] | "\(.digest) \(.artifactType)"')" "$(digest_of "$note") x/note"
clear_log; "$casfs" copy --referrers "$repository" v1 "$repository" v2
for way in index refs; do
  "$casfs" create --layout "$way" "back-$way"; "$casfs" copy --referrers "$repository" v1 "back-$way" v1
  for descriptor in "$image" "$signature" "$other" "$note"; do
    test -f "back-$way/blobs/sha256/$(digest_of "$descriptor" | cut -d: -f2)"
  done
  "$casfs" gc --grace 0 "back-$way"; "$casfs" fsck "back-$way"
  "$casfs" ref ls "back-$way" | grep -q '\.sig$'
  test -f "back-$way/blobs/sha256/$(digest_of "$note" | cut -d: -f2)"
done
