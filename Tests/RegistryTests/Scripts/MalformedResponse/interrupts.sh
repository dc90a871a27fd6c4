#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; echo new >new
inject_fault '{"on": "PUT .*/blobs/", "silent": 40}'
timeout --foreground -s INT 1 timeout 30 env --default-signal=INT "$casfs" blob put "$repository" new >out || true
assert_eq "$(wc -c <out)" 0; [ $SECONDS -lt 25 ] || fail "it took $SECONDS seconds"
