#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

copy() { both skopeo copy -q --insecure-policy "$@"; }
copy oci:image:v1 oci:@:a
copy oci:image:v1 oci:@:a
copy oci:image:v1 oci:@:b
copy oci:image:v2 oci:@:a
copy oci:@:a oci:@:c
copy oci:@:b oci:@:a
skopeo copy -q --insecure-policy --format v2s2 oci:image:v2 docker-archive:saved.tar:x:y
copy docker-archive:saved.tar oci:@:saved
both skopeo inspect --raw oci:@:c
both skopeo copy -q --insecure-policy oci:image:none oci:@:d
both skopeo copy -q --insecure-policy oci:@:none oci:@:d
assert_fsck_clean
