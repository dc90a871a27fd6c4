#!/bin/bash
. registry.bash
start_registry main

head -c 100000 /dev/urandom >b; blob=$plain/blobs/sha256:$(upload_blob b)
get() { curl -s -o got -w '%{http_code} %{size_download}' "$@" "$blob" || true; }
inject_fault '{"on": "GET .*/blobs/", "flip": 70000}'
assert_eq "$(get)" '200 100000'; assert_eq "$(cmp -l got b | wc -l)" 1; assert_eq "$(get)" '200 100000'; cmp got b
inject_fault '{"on": "GET .*/blobs/", "cut": 1000, "times": 2}'
assert_eq "$(get)" '200 1000'; assert_eq "$(get)" '200 1000'; assert_eq "$(get)" '200 100000'
inject_fault '{"on": "GET .*/blobs/", "status": 429, "headers": {"Retry-After": "1"}, "skip": 1}'
assert_eq "$(get)" '200 100000'; assert_eq "$(get)" '429 0'; assert_eq "$(get)" '200 100000'
inject_fault '{"on": "GET .*/blobs/", "drop": 5}'; assert_eq "$(get)" '200 99995'
inject_fault '{"on": "GET .*/blobs/", "add": 5}'; assert_eq "$(get)" '200 100005'
inject_fault '{"on": "GET .*/blobs/", "claim": {"Content-Length": "10"}}'; assert_eq "$(get)" '200 10'
inject_fault '{"on": "GET .*/blobs/", "whole": true}'; assert_eq "$(get -r 10-19)" '200 100000'; assert_eq "$(get -r 10-19)" '206 10'
inject_fault '{"on": "GET .*/blobs/", "refuse": true}'; assert_eq "$(get)" '000 0'
inject_fault '{"on": "GET .*/blobs/", "slow": 0.001}'; assert_eq "$(get)" '200 100000'; cmp got b
inject_fault '{"on": "GET .*/blobs/", "replace": "other", "times": -1}'; assert_eq "$(get)" '200 5'; assert_eq "$(get)" '200 5'; clear_faults
assert_eq "$(get)" '200 100000'
inject_fault '{"on": "PUT .*/uploads/", "lost": true}'; echo x >x; upload_blob x >/dev/null && fail "not lost"; has_blob "$(sha256 x)"
inject_fault '{"on": "(PUT|PATCH) .*/uploads/", "take": 1000}'; head -c 3000000 /dev/urandom >c
upload_blob c >/dev/null && fail "not cut"; has_blob "$(sha256 c)" && fail "it is whole"
assert_eq "$(count_requests '.reason == "cut"')" 2
