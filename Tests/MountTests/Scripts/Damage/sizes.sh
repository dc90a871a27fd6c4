#!/bin/bash
. helpers.bash

"$casfs" create "$store"; seq 1000 >a; "$casfs" blob put "$store" a; hex=$(sha256 a)
for size in 0 1 $(($(wc -c <a) - 1)) $(($(wc -c <a) + 1)) 9223372036854775807; do
  jq -n --arg d "sha256:$hex" --argjson s $size '{schemaVersion: 2, manifests: [{mediaType: "x/y", digest: $d,
    size: $s, annotations: {"org.opencontainers.image.ref.name": "a"}}]}' >"$store/index.json"
  # jq rounds large numbers.
  sed -i 's/922337203685477[0-9]*/9223372036854775807/' "$store/index.json"
  "$casfs" mount "$store" "$mnt"
  assert_eq "$(stat -c %s "$mnt/blobs/sha256/$hex")" "$(wc -c <a)"
  cmp a "$mnt/blobs/sha256/$hex"; cmp a <("$casfs" blob get "$store" "sha256:$hex")
  # A descriptor with a wrong size cannot be copied.
  assert_fails 'Invalid argument' cp "$mnt/refs/a" "$mnt/refs/b"
  assert_eq "$("$casfs" fsck "$store" 2>/dev/null | cut -f 1)" wrong-size
  "$casfs" unmount "$mnt"
done
