#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2
if [ "$kind" != docker ]; then clear_log; fi
if [ "$kind" = test ]; then configure '{"deletes_tags": false}'; fi
said=$("$casfs" ref rm "$repository" v1 2>&1) && fail "removed"
case $said in casfs:*"$host/app"*) ;; *) fail "said: $said" ;; esac
assert_eq "$(wc -l <<<"$said")" 1
assert_eq "$(list_tags)" 'v1 v2'; assert_eq "$(tag_digest v1)" "sha256:$manifest"
if [ "$kind" != docker ]; then assert_eq "$(count_requests '.method == "DELETE" and (.target | contains("sha256:"))')" 0; fi
