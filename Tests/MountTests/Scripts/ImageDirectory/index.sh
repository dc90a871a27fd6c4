#!/bin/bash
. helpers.bash
. images.bash

m() { manifest $oci.manifest.v1+json "$(layer "config-$1")" "$(layer "layer-$1")"; }
on() { jq -c --arg a "$1" --arg v "$2" '.platform = {os: "linux", architecture: $a} + (if $v == "" then {} else {variant: $v} end)'; }
amd=$(m amd | on amd64 ""); arm=$(m arm | on arm64 v8); twin=$(m twin | on amd64 ""); bare=$(m bare)
hostile=$(m hostile | on "../../x" "")
printf '%s\n' "$amd" "$arm" "$twin" "$bare" "$hostile" | jq -sc '{schemaVersion: 2, manifests: .}' >i
describe i $oci.index.v1+json | $casfs ref put "$store" multi -
eventually test -d "$img/multi"
digest() { echo "$1" | jq -r .digest; }
assert_eq "$(ls "$img/multi" | LC_ALL=C sort | tr '\n' ' ')" "$(printf '%s\n' index linux-amd64 linux-arm64-v8 \
  "linux-amd64@$(digest "$twin")" "@$(digest "$bare")" linux-..%2F..%2Fx referrers | LC_ALL=C sort | tr '\n' ' ')"
cmp "$img/multi/index" i
assert_eq "$(cat "$img/multi/linux-arm64-v8/layers/00")" layer-arm
assert_eq "$(cat "$img/multi/linux-amd64@$(digest "$twin")/config")" config-twin
gone=$(readlink -f "$img/multi/linux-amd64/layers/00")
rm "$store/blobs/sha256/${gone##*/}"
eventually test ! -e "$img/multi/linux-amd64/layers/00"
test -L "$img/multi/linux-amd64/layers/00"
