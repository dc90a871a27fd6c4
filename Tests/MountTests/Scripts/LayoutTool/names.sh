#!/bin/bash
. helpers.bash

"$casfs" create --layout refs "$store" >/dev/null
"$casfs" mount "$store" "$mnt"
printf '{}' >content
digest=sha256:$(sha256 content)
"$casfs" blob put "$store" content >/dev/null

# write NAME…: writes an index with these names.
write() {
  # shellcheck disable=SC2016 # a filter of jq
  jq -nc --arg digest "$digest" --args '{schemaVersion: 2, manifests: [$ARGS.positional[] | {
    mediaType: "application/json", digest: $digest, size: 2,
    annotations: {"org.opencontainers.image.ref.name": .}}]}' "$@" >index
  cp index "$mnt/index.json"
}

write first
long=$(printf 'n%.0s' {1..300})
assert_fails 'Invalid argument' write good "$long" better
assert_eq "$(ls "$store/refs")" first
write good
assert_eq "$(ls "$store/refs" | tr '\n' ' ')" 'first good '
assert_fsck_clean
