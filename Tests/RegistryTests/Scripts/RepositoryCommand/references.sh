#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; first=$manifest; make_image b; push_image b v2; second=$manifest
assert_eq "$("$casfs" ref ls "$repository" | sort | tr '\n' ' ')" 'v1 v2 '
assert_eq "$("$casfs" ref get "$repository" v1 | jq -c '[.mediaType, .digest, .size]')"   "[\"application/vnd.oci.image.manifest.v1+json\",\"sha256:$first\",$(stat -c %s "a/blobs/sha256/$first")]"
"$casfs" ref put "$repository" v3 "sha256:$first"; assert_eq "$(tag_digest v3)" "sha256:$first"
"$casfs" ref put "$repository" v3 "sha256:$first"
assert_fails 'taken' "$casfs" ref put "$repository" v3 "sha256:$second"; assert_eq "$(tag_digest v3)" "sha256:$first"
"$casfs" ref put --force "$repository" v3 "sha256:$second"; assert_eq "$(tag_digest v3)" "sha256:$second"
assert_fails "$host/app" "$casfs" ref put "$repository" v4 "sha256:$layer"; assert_eq "$(tag_digest v4)" ''
assert_fails "$(printf %064d 0)" "$casfs" ref put "$repository" v4 "sha256:$(printf %064d 0)"
assert_fails 'a/b' "$casfs" ref put "$repository" a/b "sha256:$first"
assert_fails none "$casfs" ref get "$repository" none
assert_eq "$(list_tags)" 'v1 v2 v3'
# A manifest that was put as a blob is pushed as a manifest.
jq -c '.annotations = {a: "b"}' <"a/blobs/sha256/$first" >m
"$casfs" ref put "$repository" v5 "$("$casfs" blob put "$repository" m)"; assert_eq "$(tag_digest v5)" "sha256:$(sha256 m)"
skopeo inspect --raw --tls-verify=false "docker://$host/app:v5" | cmp - m
