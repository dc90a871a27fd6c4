#!/bin/bash
. helpers.bash
. images.bash

image=$(manifest $oci.manifest.v1+json "$(layer '{}')" "$(layer content)")
echo "$image" | $casfs ref put "$store" image -
eventually test -d "$img/image"
cd "$img/image"
$casfs ref rm "$store" image; $casfs gc --all --grace 0 "$store" >/dev/null
eventually assert_fails "No such file or directory" ls .
assert_fails "No such file or directory" stat manifest
assert_eq "$(stat -c %F .)" directory
