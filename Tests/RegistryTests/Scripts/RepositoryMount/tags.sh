#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2 v3; first=$manifest; make_image b; push_image b new; second=$manifest
"$casfs" mount "$repository" "$mnt"; clear_log
rm "$mnt/refs/v1"; assert_eq "$(tag_digest v1)" ''; test ! -e "$mnt/refs/v1"; assert_eq "$(list_tags)" 'new v2 v3'
mv "$mnt/refs/new" "$mnt/refs/v2"
assert_eq "$(tag_digest v2)" "sha256:$second"; assert_eq "$(list_tags)" 'v2 v3'; assert_eq "$(ls "$mnt/refs" | tr '\n' ' ')" 'v2 v3 '
mv "$mnt/refs/v3" "$mnt/refs/v4"; assert_eq "$(tag_digest v4)" "sha256:$first"; assert_eq "$(list_tags)" 'v2 v4'
mv -n "$mnt/refs/v4" "$mnt/refs/v2" || true; assert_eq "$(tag_digest v2)" "sha256:$second"; assert_eq "$(list_tags)" 'v2 v4'
assert_eq "$(count_requests '.method == "DELETE" and (.target | contains("sha256:"))')" 0
