#!/bin/bash
. helpers.bash
. layouts.bash

jq -nc --arg d "$a" '{mediaType: "application/x", digest: $d, size: 2, "x-more": 1.50,
  annotations: {"org.opencontainers.image.ref.name": "elsewhere", k: "v"}}' >value
cp value "$refs/one"
assert_eq "$(jq -c '[.mediaType, .annotations]' "$refs/one")" '["application/x",{"k":"v"}]'
sed 's/1.5,/1.50,/' value >precise; cp precise "$refs/precise"
grep -q '"x-more":1.50,' "$refs/precise"
cp "$refs/one" "$refs/two"
cmp "$refs/one" "$refs/two"
assert_eq "$($casfs ref get "$store" two | jq -r .digest)" "$a"
cp "$refs/one" "$refs/two"
cp value "$refs/one"
tee "$refs/three" <value >/dev/null
for name in one two three; do assert_eq "$(tagged $name)" "$a"; done
