#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token
mkdir .docker; jq -n --arg h "$host" '{auths: {($h): {identitytoken: "pass-writer"}}}' >.docker/config.json
assert_eq "$("$casfs" ref ls "$repository")" v1
assert_eq "$(count_requests '.method == "POST" and .target == "/token"')" 1
