#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; "$casfs" mount "$repository" "$mnt"
for status in 200 201 202 204; do
  inject_fault '{"on": "PUT .*/manifests/", "status": '$status', "times": -1}'
  assert_fails 'does not have it' "$casfs" ref put "$repository" x "sha256:$manifest"
  assert_fails 'Input/output error' cp "$mnt/refs/v1" "$mnt/refs/y"
  assert_fails 'Input/output error' mv "$mnt/refs/v1" "$mnt/refs/z"
  clear_faults; assert_eq "$(list_tags)" v1
  inject_fault '{"on": "DELETE .*/manifests/v1", "status": '$status', "times": -1}'
  assert_fails 'still has the tag' "$casfs" ref rm "$repository" v1
  assert_fails 'Input/output error' rm "$mnt/refs/v1"
  clear_faults; assert_eq "$(tag_digest v1)" "sha256:$manifest"
done
mv "$mnt/refs/v1" "$mnt/refs/v2"; assert_eq "$(list_tags)" v2
