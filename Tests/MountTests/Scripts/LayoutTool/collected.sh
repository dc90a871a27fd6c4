#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"
skopeo copy -q --insecure-policy oci:image:v2 "oci:$mnt:a"
# The entry of v1 has no name now.
digest=$("$casfs" ref ls --unnamed "$store" | cut -f 1)
"$casfs" ref rm "$store" "$digest"
assert_eq "$("$casfs" ref ls --unnamed "$store")" ''
umoci gc --layout "$mnt" 2>/dev/null
assert_blob_count 3
assert_fsck_clean
