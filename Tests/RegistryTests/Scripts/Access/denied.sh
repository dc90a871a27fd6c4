#!/bin/bash
. registry.bash
. credentials.bash
: "${access:?}"
start_registry main

make_image a; push_image a v1; users "$access"; auth=$top/.docker/config.json
credentials "$auth" "$host" reader pass-wrong
assert_fails "$host/app" "$casfs" ref ls "$repository";
"$casfs" ref ls "$repository" 2>&1 | grep -q pass-wrong && fail "it told the password"
credentials "$auth" "$host" reader pass-reader; assert_eq "$("$casfs" ref ls "$repository")" v1
echo b >b; assert_fails "$host/app" "$casfs" blob put "$repository" b
assert_fails "$host/app" "$casfs" ref put "$repository" v2 "sha256:$manifest"
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
echo "sha256:$manifest" >tag; assert_fails 'Permission denied' cp b "$mnt/incoming/b"
assert_fails 'Permission denied' cp tag "$mnt/refs/v2"
assert_fails 'Permission denied' rm "$mnt/refs/v1"
assert_eq "$(ls "$mnt/refs")" v1
