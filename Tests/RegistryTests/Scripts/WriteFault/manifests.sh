#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; first=$manifest; make_image b; push_image b v2
"$casfs" mount "$repository" "$mnt"
none=sha256:$(printf %064d 0); echo "sha256:$first" >tag
on='PUT .*/manifests/'
n=10
for what in '"status": 500' '"status": 507' '"refuse": true' '"take": 10' '"claim": {"Docker-Content-Digest": "'$none'"}'; do
  inject_fault "{\"on\": \"$on\", \"times\": -1, $what}"; n=$((n + 2))
  assert_fails 'Input/output error' cp tag "$mnt/refs/v$n"
  assert_fails "$host/app" "$casfs" ref put "$repository" v$((n + 1)) "sha256:$first"
  clear_faults
done
assert_eq "$(tag_digest v14)" ''; assert_eq "$(tag_digest v15)" ''
inject_fault "{\"on\": \"$on\", \"times\": -1, \"status\": 403}"
assert_fails 'Permission denied' cp tag "$mnt/refs/v5"; clear_faults
inject_fault "{\"on\": \"$on\", \"status\": 503, \"times\": 2}"; echo "sha256:$first" >"$mnt/refs/v6"; assert_eq "$(tag_digest v6)" "sha256:$first"
inject_fault "{\"on\": \"$on\", \"lost\": true}"; echo "sha256:$first" >"$mnt/refs/v7"; assert_eq "$(tag_digest v7)" "sha256:$first"
assert_eq "$(tag_digest v2)" "sha256:$manifest"
