#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"
"$casfs" unmount "$mnt"; "$casfs" mount -o ro "$store" "$mnt"
assert_fails 'ead-only file system' skopeo copy -q --insecure-policy oci:image:v2 "oci:$mnt:b"
assert_fails 'ead-only file system' umoci tag --image "$mnt:a" b
assert_fails 'ead-only file system' sed -i s/a/b/ "$mnt/index.json"
skopeo inspect --raw "oci:$mnt:a" >/dev/null
