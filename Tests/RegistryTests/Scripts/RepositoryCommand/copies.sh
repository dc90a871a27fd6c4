#!/bin/bash
. registry.bash
start_registry main

make_image a 2000000; "$casfs" copy a latest "$repository" v1
assert_eq "$(tag_digest v1)" "sha256:$manifest"
skopeo_copy "docker://$host/app:v1" oci:out:v1
for blob in $layer $config $manifest; do cmp "a/blobs/sha256/$blob" "out/blobs/sha256/$blob"; done
clear_log; "$casfs" copy a latest "$repository" v1; "$casfs" copy a latest "$repository" v2
assert_eq "$(count_requests '.method == "PATCH" or .method == "POST"')" 0; assert_eq "$(list_tags)" 'v1 v2'
"$casfs" create back; "$casfs" copy "$repository" v2 back latest; "$casfs" fsck back
for blob in $layer $config $manifest; do cmp "a/blobs/sha256/$blob" "back/blobs/sha256/$blob"; done
first=$repository; start_test_registry other; "$casfs" copy "$first" v1 "$repository"
assert_eq "$(tag_digest v1)" "sha256:$manifest"; has_blob "$layer"
make_image b; assert_fails 'taken' "$casfs" copy b latest "$repository" v1
"$casfs" copy --force b latest "$repository" v1; assert_eq "$(tag_digest v1)" "sha256:$manifest"
