#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; first=$manifest; make_image b; push_image b v2; second=$manifest
if [ "$kind" = test ]; then configure '{"deletes_tags": false}'; fi
"$casfs" mount "$repository" "$mnt"
for _ in 1 2; do
  assert_fails 'not supported' rm "$mnt/refs/v1"
  clear_log; assert_fails 'not supported' mv "$mnt/refs/v1" "$mnt/refs/v2"
  assert_fails 'not supported' mv "$mnt/refs/v1" "$mnt/refs/v3"
  assert_eq "$(count_requests '.method == "PUT"')" 0; assert_eq "$(count_requests '.method == "DELETE" and (.target | contains("sha256:"))')" 0
  assert_eq "$(list_tags)" 'v1 v2'; assert_eq "$(tag_digest v1)" "sha256:$first"; assert_eq "$(tag_digest v2)" "sha256:$second"
  assert_eq "$(ls "$mnt/refs" | tr '\n' ' ')" 'v1 v2 '
done
cp "$mnt/refs/v1" "$mnt/refs/v3"; assert_eq "$(tag_digest v3)" "sha256:$first"
