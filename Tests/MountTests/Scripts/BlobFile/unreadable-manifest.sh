#!/bin/bash
. helpers.bash

printf '{"config":{},"layers":5}' >m
jq -nc --arg d "$($casfs blob put "$store" m)" '{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: 24}' \
  | $casfs ref put "$store" broken -
loose=$(echo loose | $casfs blob put "$store")
assert_fails "busy" rm -f "$mnt/blobs/sha256/${loose#sha256:}"
assert_blob_count 2
