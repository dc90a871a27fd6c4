#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v1; on='GET .*/tags/list'
show_error() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.casfs.error").decode())' "$1"; }
for status in 401 403 404 405 501; do
  inject_fault "{\"on\": \"$on\", \"times\": -1, \"status\": $status}"
  assert_fails "$host/app" "$casfs" ref ls "$repository"; "$casfs" ref get "$repository" v1 >tag
  if [ $status = 403 ]; then set -- --create; else set --; fi
  "$casfs" mount "$@" "$repository" "$mnt"
  assert_eq "$(ls "$mnt/refs" "$mnt/images" | grep -c v1 || true)" 0
  for path in refs images; do show_error "$mnt/$path" | grep -q "$host/app" || fail "$status: $path"; done
  cmp tag "$mnt/refs/v1"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
  test ! -e "$mnt/refs/none"; test ! -e "$mnt/images/none"
  echo "sha256:$manifest" >"$mnt/refs/v$status"; assert_eq "$(tag_digest "v$status")" "sha256:$manifest"
  clear_faults
  show_no_error() { ! show_error "$mnt/refs" 2>/dev/null; }
  eventually show_no_error; ls "$mnt/refs" | grep -qx "v$status"
  "$casfs" unmount "$mnt"
done
# The same answer to every question, and to a question for a repository that is not there, is an error.
inject_fault '{"on": "GET .*/(tags/list|manifests/)", "times": -1, "status": 403}'
assert_fails "403" "$casfs" mount "$repository" "$mnt"; clear_faults
assert_fails NAME_UNKNOWN "$casfs" mount "docker://$host/none" "$mnt"
