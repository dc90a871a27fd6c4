#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; image=$manifest
make_image b; push_image b "sha256-$image.sig"; tagged=$manifest
"$casfs" mount "$repository" "$mnt"
assert_eq "$(ls "$mnt/images/v1/referrers")" "@sha256:$tagged"
cmp "$mnt/images/v1/referrers/@sha256:$tagged/manifest" "b/blobs/sha256/$tagged"
assert_eq "$(ls "$mnt/images/v1/referrers/@sha256:$tagged/referrers")" ""
