#!/bin/bash
. helpers.bash

python3 -B "$scripts/deep.py"
$casfs mount "$store" "$mnt"
# Step by step, because of PATH_MAX; not to the end, because each step looks up every directory above.
cd "$mnt/refs"
for _ in {1..100}; do cd d; done
assert_eq "$(ls)" d
assert_eq "$(ls -l "$mnt/images/platforms" | wc -l)" 8003
assert_fails 'No such file' stat "$mnt/images/platforms/linux-8000"
cd "$mnt/images/wide/layers"
assert_eq "$(ls -l | wc -l)" 20001
stat 00000 19999 >/dev/null
for name in 20000 0 00 +0001 -0 -00001 000000 0000x; do assert_fails 'No such file' stat ./$name; done
cd "$top"
assert_eq "$(jq -r .mediaType "$mnt/refs/plain")" application/vnd.oci.image.manifest.v1+json
cp "$mnt/refs/plain" "$mnt/refs/other"
assert_eq "$($casfs ref ls "$store" | wc -l)" 24
