#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2
assert_eq "$(list_tags)" 'v1 v2'; assert_eq "$(tag_digest v1)" "sha256:$manifest"
assert_eq "$(skopeo inspect --tls-verify=false "docker://$host/app:v1" | jq -r .Digest)" "sha256:$manifest"
skopeo_copy "docker://$host/app:v2" oci:out:v2
for blob in $layer $config $manifest; do cmp "a/blobs/sha256/$blob" "out/blobs/sha256/$blob"; done
head -c 100000 /dev/urandom >b; assert_eq "$(upload_blob b)" "$(sha256 b)"; has_blob "$(sha256 b)"
curl -s "$plain/blobs/sha256:$(sha256 b)" | cmp - b
curl -s -r 10-19 "$plain/blobs/sha256:$(sha256 b)" | cmp - <(head -c 20 b | tail -c 10)
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -r 200000- "$plain/blobs/sha256:$(sha256 b)")" 416
# skopeo deletes a manifest with all its tags.
skopeo delete --tls-verify=false "docker://$host/app:v1"
assert_eq "$(list_tags)" ''
stop_registry main; assert_fails 'Failed to connect' curl -sSf "http://$host/v2/"
before=$host; start_registry main; assert_eq "$host" "$before"; has_blob "$(sha256 b)"
