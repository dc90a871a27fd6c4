#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; echo new >new; "$casfs" mount "$repository" "$mnt"
for place in http://127.0.0.1:99999/ http://127.0.0.1:0/ http:///x //; do
  inject_fault '{"on": "GET .*/blobs/", "times": -1, "status": 307, "headers": {"Location": "'$place'"}}'
  assert_fails "$host/app" timeout 20 "$casfs" blob get "$repository" "sha256:$layer"
  assert_fails 'Input/output error' timeout 20 cat "$mnt/blobs/sha256/$layer"; clear_faults
  inject_fault '{"on": "POST .*/uploads/", "times": -1, "status": 202, "headers": {"Location": "'$place'"}}'
  assert_fails "$host/app" timeout 60 "$casfs" blob put "$repository" new; clear_faults
  inject_fault '{"on": "(HEAD|GET) .*/blobs/", "times": -1, "status": 401,
    "headers": {"WWW-Authenticate": "Bearer realm=\"'$place'\""}}'
  assert_fails "$host/app" timeout 20 "$casfs" blob get "$repository" "sha256:$config"; clear_faults
done
cmp "$mnt/blobs/sha256/$layer" "a/blobs/sha256/$layer"
