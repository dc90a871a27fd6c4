#!/bin/bash
. registry.bash
start_registry main

make_image a 500000; make_image b 3000000; second=$layer
jq -c --slurpfile other "b/blobs/sha256/$manifest" '.layers += $other[0].layers' <"a/blobs/sha256/$(jq -r .manifests[0].digest a/index.json | cut -d : -f 2)" >m
cp "b/blobs/sha256/$second" a/blobs/sha256/; "$casfs" ref put --force a both "$("$casfs" blob put a m)"
inject_fault '{"on": "PUT .*digest=", "skip": 1, "times": -1, "take": 1000}'
assert_fails "$host/app" "$casfs" copy a both "$repository"; assert_eq "$(ls main/blobs | wc -l)" 1; clear_faults
inject_fault '{"on": "PUT .*digest=", "skip": 1, "silent": 1}'; "$casfs" copy a both "$repository" & copy=$!
there() { [ "$(ls main/blobs | wc -l)" -ge 2 ]; }
eventually there; kill -KILL $copy; wait $copy 2>/dev/null || true; clear_faults
assert_eq "$(list_tags)" ''; kept=$(ls main/blobs); clear_log; "$casfs" copy a both "$repository"; assert_eq "$(tag_digest both)" "sha256:$(sha256 m)"
for blob in $kept; do assert_eq "$(count_requests '.method == "PUT" and (.target | contains("'"$blob"'"))')" 0; done
skopeo_copy "docker://$host/app:both" oci:out:both
