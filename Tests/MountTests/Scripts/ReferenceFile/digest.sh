#!/bin/bash
. helpers.bash
. layouts.bash

echo "$a" >"$refs/plain"
assert_eq "$(jq -r '.mediaType + " " + (.size | tostring)' "$refs/plain")" "application/octet-stream 2"
assert_eq "$(tagged plain)" "$a"
printf %s "$b" >"$refs/unended"; assert_eq "$(tagged unended)" "$b"
put() { printf %s "$2" | $casfs blob put "$store" >"$refs/$1"; jq -r .mediaType "$refs/$1"; }
assert_eq "$(put own '{"mediaType":"application/x-own","config":{},"layers":[]}')" application/x-own
assert_eq "$(put manifest '{"config":{},"layers":[]}')" application/vnd.oci.image.manifest.v1+json
assert_eq "$(put index '{"manifests":[]}')" application/vnd.oci.image.index.v1+json
assert_eq "$(put other '{"layers":[]}')" application/octet-stream
assert_eq "$(wc -l <"$refs/plain")" 1
