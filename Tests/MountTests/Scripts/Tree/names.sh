#!/bin/bash
. helpers.bash

"$casfs" create "$store"; d=$(echo x | "$casfs" blob put "$store")
for name in latest docker.io/library/alpine:3.20 a a/b a/b/c; do "$casfs" ref put "$store" $name "$d"; done
# Names by other tools, one with a character that the tree uses for a byte.
jq -c '.manifests[0] as $m | .manifests += [("50%2F", "\uDBFF\uDF80") as $name
  | $m | .annotations["org.opencontainers.image.ref.name"] = $name]' "$store/index.json" >i
cat i >"$store/index.json"
"$casfs" mount "$store" "$mnt"; cd "$mnt/refs"
assert_eq "$(find . -type f | sort | tr '\n' ' ')"   './%F4%8F%BE%80 ./50%252F ./a ./a%2Fb ./a%2Fb%2Fc ./docker.io/library/alpine:3.20 ./latest '
find . -type f | while read -r f; do assert_eq "$(jq -r .digest "$f")" "$d"; done
assert_eq "$(stat -c %F docker.io/library)" directory
assert_fails 'No such file' ls a%2fb
assert_fails 'No such file' ls docker.io/library/alpine
