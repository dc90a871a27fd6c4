#!/bin/bash
. helpers.bash
. images.bash

jq -c '.manifests |= map(del(.annotations["io.containerd.image.name"]))' index.json >"$store/index.json"
eventually test -e "$mnt/images/@$b"
assert_eq "$(ls "$refs")" latest; assert_eq "$(shown latest)" "$a"
assert_eq "$(cat "$mnt/images/@$b/layers/00")" two
# Duplicates that nothing tells apart are one reference, and move together.
mv "$refs/latest" "$refs/new"
assert_eq "$(ls "$refs")" new; eventually test -e "$mnt/images/@$b"
assert_eq "$(jq '.manifests | length' "$store/index.json")" 2
# One that has another platform is another image, and stays.
jq -c '.manifests |= map(.annotations = {"org.opencontainers.image.ref.name": "latest"}) |
  .manifests[1].platform = {os: "linux", architecture: "arm64"}' index.json >"$store/index.json"
eventually test -e "$refs/latest"
mv "$refs/latest" "$refs/new"
assert_eq "$(shown new)" "$a"; assert_eq "$(shown latest)" "$b"
rm "$refs/latest" "$refs/new"
assert_fails "index without stored content" "$casfs" gc --grace 0 "$store"
# An entry that is there twice is not shown twice.
jq -c '.manifests[1] = .manifests[0]' index.json >"$store/index.json"
eventually test ! -e "$mnt/images/@$b"
eventually test -e "$mnt/images/latest"
assert_eq "$(ls "$mnt/images")" latest
