#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v0
mkdir -p main/repositories/app/_tags; for i in {1..3000}; do echo -n "sha256:$manifest" >"main/repositories/app/_tags/t$i"; done
clear_log; "$casfs" mount "$repository" "$mnt"
[ "$(count_requests true)" -le 6 ] || fail "to mount: $(logged_requests true)"
clear_log; cat "$mnt/refs/t2999" >/dev/null
[ "$(count_requests true)" -le 6 ] || fail "to read a reference: $(logged_requests true)"
[ "$(count_requests '.target | contains("manifests")')" -le 2 ] || fail "to read a reference: $(logged_requests true)"
