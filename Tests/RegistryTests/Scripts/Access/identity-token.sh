#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token
mkdir .docker; jq -n --arg h "$host" '{auths: {($h): {identitytoken: "pass-writer"}}}' >.docker/config.json
assert_eq "$("$casfs" ref ls "$repository")" v1
assert_eq "$(count_requests '.method == "POST" and .target == "/token"')" 1
# A server without OAuth 2.0 gets it as a password.
configure '{"token_post": 404}'
jq -n --arg h "$host" --arg a "$(echo -n writer: | base64)" '{auths: {($h): {auth: $a, identitytoken: "pass-writer"}}}' >.docker/config.json
clear_log; assert_eq "$("$casfs" ref ls "$repository")" v1
assert_eq "$(count_requests '.method == "POST"')" 1
start_test_registry other; push_image a v1; users token
# The token server replaces the identity token by another.
jq -n --arg h "$host" '{auths: {($h): {identitytoken: "pass-writer"}}}' >.docker/config.json
configure '{"token_reply": {"refresh_token": "pass-next"}}'; "$casfs" mount "$repository" "$mnt"; cat "$mnt/refs/v1" >tag
configure '{"users": {"writer": ["pass-next", "pull"]}}'; curl -sSf -X POST "http://127.0.0.1:$control/expire"
cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
