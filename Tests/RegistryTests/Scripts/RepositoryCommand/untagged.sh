#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2
"$casfs" ref rm "$repository" v1; assert_eq "$(list_tags)" v2; assert_eq "$(tag_digest v2)" "sha256:$manifest"
"$casfs" ref rm "$repository" v1; "$casfs" ref rm "$repository" none
assert_eq "$(count_requests '.method == "DELETE" and (.target | contains("sha256:"))')" 0
assert_eq "$("$casfs" ref ls "$repository")" v2
