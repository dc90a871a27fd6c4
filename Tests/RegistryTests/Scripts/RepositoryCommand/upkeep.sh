#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
"$casfs" fsck "$repository"; assert_eq "$("$casfs" clean "$repository")" '0 removed'; assert_eq "$(tag_digest v1)" "sha256:$manifest"
assert_fails 'cannot remove safely' "$casfs" gc "$repository"; has_blob "$layer"
assert_fails 'exists' "$casfs" create "$repository"
inject_fault '{"on": "GET .*/blobs/sha256:'"$layer"'", "times": -1, "flip": 10}'; export XDG_CACHE_HOME=$top/other
status=0; "$casfs" fsck "$repository" >found 2>/dev/null || status=$?; assert_eq $status 1
assert_eq "$(cut -f 1,2 found)" "$(printf 'corrupt	sha256:%s' "$layer")"; clear_faults
assert_fails "$host/new" "$casfs" ref ls "docker://$host/new"
"$casfs" create "docker://$host/new"; "$casfs" copy a latest "docker://$host/new"
assert_eq "$("$casfs" ref ls "docker://$host/new")" latest
