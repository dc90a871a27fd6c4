#!/bin/bash
. registry.bash
start_registry main

# Up to 10 MB in the socket buffers may be lost with the connection.
make_image a; push_image a v1; head -c 30000000 /dev/urandom >b; upload_blob b >/dev/null; on='GET .*/blobs/'
get() { "$casfs" blob get "$repository" "sha256:$(sha256 b)"; }
inject_fault '{"on": "'"$on"'", "cut": 12000000, "times": 2}'; clear_log; get | cmp - b; clear_faults
assert_eq "$(count_requests '.method == "GET" and (.target | contains("blobs"))')" 3
[ "$(bytes_sent '.target | contains("blobs")')" -lt 54000000 ] || fail "$(logged_requests true)"
logged_requests '.range != null' | jq -se 'map(.range | ltrimstr("bytes=") | split("-")[0] | tonumber) | length == 2 and . == sort and .[0] > 0' >/dev/null
# Retries are few and back off.
rm -rf cache; inject_fault '{"on": "'"$on"'", "status": 503, "times": -1}'; clear_log; get 2>/dev/null && fail "served"; clear_faults
logged_requests '.status == 503' | jq -se 'length >= 3 and length <= 8 and (last.at - first.at > 0.7)' >/dev/null || fail "$(logged_requests true)"
inject_fault '{"on": "'"$on"'", "status": 429, "headers": {"Retry-After": "2"}}'; clear_log; get | cmp - b
logged_requests '.method == "GET" and (.target | contains("blobs"))' | jq -se 'length == 2 and last.at - first.at >= 2' >/dev/null
