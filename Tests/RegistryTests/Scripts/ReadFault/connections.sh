#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; "$casfs" mount "$repository" "$mnt"
for i in {1..24}; do head -c 100000 /dev/urandom >"b$i"; upload_blob "b$i" >/dev/null; done
clear_log; inject_fault '{"on": "GET .*/blobs/", "slow": 0.005, "times": -1}'
for i in {1..24}; do cmp "$mnt/blobs/sha256/$(sha256 "b$i")" "b$i" & readers[i]=$!; done
for reader in "${readers[@]}"; do wait "$reader"; done
logged_requests true | jq -se '(map(.beside) | max) < 10' >/dev/null || fail "$(logged_requests true | jq .beside | sort -n | tail -1) others at once"
