#!/bin/bash
. helpers.bash
. images.bash

image=$(manifest $oci.manifest.v1+json "$(layer '{}')" "$(layer content)")
echo "$image" | $casfs ref put "$store" image -
signature=$(jq -nc --argjson s "$image" --argjson c "$(layer '{}')" --argjson l "$(layer signed)" --arg t $oci.manifest.v1+json \
  '{schemaVersion: 2, mediaType: $t, artifactType: "x/signature", config: $c, layers: [$l], subject: $s}' |
  $casfs blob put "$store")
eventually test -d "$img/image"
assert_eq "$(ls "$img/image/referrers")" "@$signature"
assert_eq "$(cat "$img/image/referrers/@$signature/layers/00")" signed
assert_eq "$(getfattr --only-values -n user.casfs.artifact_type "$img/image/referrers/@$signature")" x/signature
assert_eq "$(ls "$img/image/referrers/@$signature/referrers")" ""
assert_fails "Read-only" rmdir "$img/image/referrers/@$signature"
