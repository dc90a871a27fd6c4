#!/bin/bash
. helpers.bash
. images.bash
: "${type:?}"

echo '{"os":"linux"}' >c
config=$(describe c $oci.config.v1+json)
one=$(layer one); two=$(layer two)
manifest "$type" "$config" "$one" "$two" "$one" | $casfs ref put "$store" team/app:1 -
eventually test -d "$img/team/app:1"
assert_eq "$(ls "$img")" team
# The layers are not archives, so their files cannot be listed.
assert_eq "$(cd "$img/team/app:1"; find . \( -path ./rootfs -o -path './diffs/*' \) -prune -print -o -print | sort | tr '\n' ' ')" \
  ". ./config ./diffs ./diffs/00 ./diffs/01 ./diffs/02 ./files ./layers ./layers/00 ./layers/01 ./layers/02 ./manifest ./referrers ./rootfs "
assert_fails "Input/output error" ls "$img/team/app:1/rootfs"
cmp "$img/team/app:1/manifest" m
assert_eq "$(jq -r .os "$img/team/app:1/config")" linux
assert_eq "$(cat "$img/team/app:1/layers/"*)" "$(printf 'one\ntwo\none')"
assert_eq "$(stat -c %F "$img/team/app:1/layers/00")" "symbolic link"
assert_eq "$(readlink "$img/team/app:1/layers/01")" \
  "../../../../blobs/sha256/$(echo "$two" | jq -r .digest | cut -c 8-)"
assert_fails "Read-only" touch "$img/x"
assert_fails "Read-only" rm "$img/team/app:1/config"
