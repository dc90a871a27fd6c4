#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token; configure '{"token_seconds": 300}'
credentials "$top/.docker/config.json" "$host" writer pass-writer
for i in {1..16}; do head -c 100000 /dev/urandom >"p$i"; done
XDG_CACHE_HOME=$top/other "$casfs" blob put "$repository" p{1..16} >/dev/null
"$casfs" mount "$repository" "$mnt"; cat "$mnt/refs/v1" >/dev/null
curl -sSf -X POST "http://127.0.0.1:$control/expire"
for i in {1..16}; do timeout 30 cmp "$mnt/blobs/sha256/$(sha256 "p$i")" "p$i" & readers[i]=$!; done
for reader in "${readers[@]}"; do wait "$reader"; done
assert_eq "$("$casfs" status --json "$mnt" | jq .counters.failures)" 0
