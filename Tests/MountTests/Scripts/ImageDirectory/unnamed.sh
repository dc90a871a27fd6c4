#!/bin/bash
. helpers.bash
. images.bash

entry=$(manifest $oci.manifest.v1+json "$(layer c)" "$(layer l)")
digest=$(echo "$entry" | jq -r .digest)
jq -c --argjson e "$entry" '.manifests += [$e]' "$store/index.json" >new; cp new "$store/index.json"
eventually test -d "$img/@$digest"
assert_eq "$(ls "$img")" "@$digest"
assert_eq "$(cat "$img/@$digest/layers/00")" l
assert_eq "$(ls "$mnt/refs")" ""
# A reference that has this very name is the one that is shown.
jq -c --argjson e "$entry" --arg name "@$digest" \
  '.manifests += [$e + {annotations: {"org.opencontainers.image.ref.name": $name}}]' "$store/index.json" >new
cp new "$store/index.json"
eventually test -f "$mnt/refs/@$digest"
assert_eq "$(ls "$img")" "@$digest"
