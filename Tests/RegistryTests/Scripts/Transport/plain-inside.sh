#!/bin/bash
. registry.bash

ip link set lo up; ip address add 192.0.2.7/32 dev lo
start_test_registry main '{"address": "192.0.2.7"}'; host=192.0.2.7:$main
make_image a
assert_fails "$host/app" timeout 20 "$casfs" copy a latest "docker://$host/app" v1
assert_eq "$(count_requests true)" 0
"$casfs" copy a latest "docker+http://$host/app" v1
assert_eq "$("$casfs" ref ls "docker+http://$host/app")" v1
configure '{"redirect": "storage"}'; "$casfs" blob get "docker+http://$host/app" "sha256:$layer" | cmp - "a/blobs/sha256/$layer"
# Credentials are sent too, because plain HTTP was requested.
for access in basic token; do
  configure '{"access": "'$access'", "users": {"u": ["p", "pull,push"]}}'
  mkdir -p .docker; jq -n --arg h "$host" --arg a "$(echo -n u:p | base64)" '{auths: {($h): {auth: $a}}}' >.docker/config.json
  assert_eq "$("$casfs" ref ls "docker+http://$host/app")" v1
done
