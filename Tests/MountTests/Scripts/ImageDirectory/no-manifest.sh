#!/bin/bash
. helpers.bash
. images.bash

digest=$(echo text | $casfs blob put "$store"); echo "$digest" >"$mnt/refs/link"
# Content that is not a manifest, and is not described as one, is a link to the blob.
assert_eq "$(readlink "$img/link") $(cat "$img/link")" "../blobs/sha256/${digest#*:} text"
jq -nc --arg d "$digest" --arg t $oci.manifest.v1+json '{mediaType: $t, digest: $d, size: 5}' >"$mnt/refs/text"
assert_eq "$(ls "$img/text")" ""
why() { getfattr --only-values -n user.casfs.error "$img/$1"; }
case $(why text) in *"value expected"*) ;; *) fail "said $(why text)" ;; esac
digest=$(head -c 5000000 /dev/zero | $casfs blob put "$store")
jq -nc --arg d "$digest" --arg t $oci.manifest.v1+json '{mediaType: $t, digest: $d, size: 5000000}' >"$mnt/refs/large"
case $(why large) in *"longer than"*) ;; *) fail "said $(why large)" ;; esac
# After a repair it is an image.
manifest $oci.manifest.v1+json "$(layer c)" "$(layer l)" >d
file=$store/blobs/sha256/$(jq -r .digest d | cut -c 8-)
cp "$file" keep; rm -f "$file"
jq -c '.annotations = {"org.opencontainers.image.ref.name": "back"}' d >e
jq -c --slurpfile e e '.manifests += $e' "$store/index.json" >new; cp new "$store/index.json"
eventually test -d "$img/back"
assert_eq "$(ls "$img/back")" ""
$casfs blob put "$store" keep >/dev/null
eventually test -e "$img/back/config"
assert_fails "No such attribute" getfattr -n user.casfs.error "$img/back"
