#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v1
on='(GET|HEAD) .*/manifests/'
# bad WORD FAULT: neither a command nor a mount shows anything of it
bad() {
  inject_fault "{\"on\": \"$on\", \"times\": -1, $2}"
  assert_fails "$1" "$casfs" blob get "$repository" v1
  mkdir -p m; "$casfs" mount "$repository" m
  for path in refs/v1 images/v1/manifest; do cat m/$path >got 2>/dev/null && fail "$1: $path is served"; assert_eq "$(wc -c <got)" 0; done
  clear_faults; eventually cmp m/images/v1/manifest "a/blobs/sha256/$manifest"; "$casfs" unmount m
}
none=sha256:$(printf %064d 0)
bad "$manifest" '"replace": "{}"'
bad "$none" '"claim": {"Docker-Content-Digest": "'"$none"'"}'
bad 'digest' '"claim": {"Docker-Content-Digest": "sha256:../../x"}'
bad '500' '"status": 500'
bad "$host/app" '"refuse": true'
# A registry need not say a digest.
inject_fault "{\"on\": \"$on\", \"times\": -1, \"claim\": {\"Docker-Content-Digest\": null}}"
"$casfs" blob get "$repository" v1 | cmp - "a/blobs/sha256/$manifest"
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"; clear_faults
