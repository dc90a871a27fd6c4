#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a feature__x
"$casfs" copy "$repository" feature__x "$repository" feature__y; assert_eq "$(tag_digest feature__y)" "sha256:$manifest"
"$casfs" create "$store"; "$casfs" copy "$repository" feature__x "$store"; assert_eq "$("$casfs" ref ls "$store")" feature__x
"$casfs" copy "$store" feature__x "$repository" _z; assert_eq "$(list_tags)" '_z feature__x feature__y'
"$casfs" copy a latest "$store" docker.io/library/a:latest
make_image b; "$casfs" copy b latest "$store" x/y
assert_fails "give another: casfs copy $store x/y $repository NAME" "$casfs" copy "$store" x/y "$repository"
if has_blob "$layer"; then exit 1; fi
