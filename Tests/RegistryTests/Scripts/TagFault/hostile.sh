#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v1
inject_fault "$(jq -nc '{on: "GET .*/tags/list", times: -1, replace: ({name: "app", tags:
  ["..", ".", "", "../x", "a/b", "a/../../b", "x\ny", "x\u0000y", "\u001b[31mred", "-x", "v1", "v1", 7, null, ["v1"],
  "%2e%2e", "é", ("x" * 129), "v1?x", "v1#x"]} | tostring)}')"
assert_eq "$("$casfs" ref ls "$repository")" v1
"$casfs" mount "$repository" "$mnt"; assert_eq "$(ls -a "$mnt/refs" | tr '\n' ' ')" '. .. v1 '
assert_eq "$(ls "$mnt/images")" v1
cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"
assert_eq "$(logged_requests '.target | test("manifests/") and (test("manifests/(v1|sha256:)") | not)' | wc -l)" 0
