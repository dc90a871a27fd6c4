#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v1
on='(GET|HEAD) .*/manifests/'
# assert_rejected TEXT FAULT: neither a command nor a mount serves the manifest; the error contains the text.
assert_rejected() {
  inject_fault "{\"on\": \"$on\", \"times\": -1, $2}"
  assert_fails "$1" "$casfs" blob get "$repository" v1
  mkdir -p m; "$casfs" mount "$repository" m
  for path in refs/v1 images/v1/manifest; do cat m/$path >got 2>/dev/null && fail "$1: $path is served"; assert_eq "$(wc -c <got)" 0; done
  clear_faults; eventually cmp m/images/v1/manifest "a/blobs/sha256/$manifest"; "$casfs" unmount m
}
none=sha256:$(printf %064d 0)
assert_rejected "$manifest" '"replace": "{}"'
assert_rejected "$none" '"claim": {"Docker-Content-Digest": "'"$none"'"}'
assert_rejected 'digest' '"claim": {"Docker-Content-Digest": "sha256:../../x"}'
assert_rejected '500' '"status": 500'
assert_rejected "$host/app" '"refuse": true'
# A registry may omit the digest.
inject_fault "{\"on\": \"$on\", \"times\": -1, \"claim\": {\"Docker-Content-Digest\": null}}"
"$casfs" blob get "$repository" v1 | cmp - "a/blobs/sha256/$manifest"
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"; clear_faults
