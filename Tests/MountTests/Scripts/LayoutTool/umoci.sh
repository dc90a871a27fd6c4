#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"; skopeo copy -q --insecure-policy oci:image:v1 oci:plain:a
both umoci tag --image @:a b
both umoci tag --image @:a a
both umoci tag --image @:none c
both umoci rm --image @:b
both umoci rm --image @:b
both umoci ls --layout @
both umoci stat --image @:a
both umoci init --layout @
assert_fails 'peration not permitted' umoci init --layout "$mnt/new"
# These commands write the time into the image, so the layouts differ from here on.
umoci new --image "$mnt:n" 2>/dev/null
umoci config --image "$mnt:a" --author x --tag configured 2>/dev/null
echo more >added; umoci insert --image "$mnt:a" added /more 2>/dev/null
if [ $UID != 0 ]; then rootless=(--rootless); else rootless=(); fi
umoci unpack "${rootless[@]}" --image "$mnt:a" bundle 2>/dev/null
assert_eq "$(cat bundle/rootfs/file bundle/rootfs/more | tr '\n' ' ')" 'v1 more '
echo new >bundle/rootfs/new; umoci repack --image "$mnt:repacked" bundle 2>/dev/null
assert_eq "$(umoci ls --layout "$mnt" | sort | tr '\n' ' ')" 'a configured n repacked '
umoci rm --image "$mnt:configured"
before=$(ls "$store/blobs/sha256" | wc -l)
umoci gc --layout "$mnt" 2>/dev/null
# Blobs that were put within the last ten minutes stay, and umoci does not see them.
assert_eq "$(ls "$store/blobs/sha256" | wc -l)" "$before"
assert_fsck_clean
