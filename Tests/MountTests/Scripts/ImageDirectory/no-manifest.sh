#!/bin/bash
. helpers.bash
. images.bash

echo text | $casfs blob put "$store" >"$mnt/refs/text"
assert_eq "$(ls "$img/text")" ""
why() { getfattr --only-values -n user.casfs.error "$img/$1"; }
case $(why text) in *"value expected"*) ;; *) fail "said $(why text)" ;; esac
head -c 5000000 /dev/zero | $casfs blob put "$store" >"$mnt/refs/large"
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
