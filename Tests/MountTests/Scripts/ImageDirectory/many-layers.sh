#!/bin/bash
. helpers.bash
. images.bash

for i in {0..120}; do layer "$i"; done >layers
mapfile -t all <layers
manifest $oci.manifest.v1+json "$(layer c)" "${all[@]}" | $casfs ref put "$store" many -
eventually test -d "$img/many"
assert_eq "$(cat "$img/many/layers/"* | tr '\n' ' ')" "$(seq -s ' ' 0 120) "
assert_eq "$(ls "$img/many/layers" | sed -n '1p;$p' | tr '\n' ' ')" "000 120 "
