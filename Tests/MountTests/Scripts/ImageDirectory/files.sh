#!/bin/bash
. helpers.bash
. images.bash

titled() { layer "$1" | jq -c --arg t "$2" '.annotations = {"org.opencontainers.image.title": $t}'; }
model() { layer "$1" | jq -c --arg p "$2" '.annotations = {"org.cncf.model.filepath": $p}'; }
manifest $oci.manifest.v1+json "$(layer '{}')" "$(titled readme README.md)" "$(model weights 'model/a b.gguf')" \
  "$(titled twin README.md)" "$(titled evil ../../evil)" "$(titled more 'model/dir/more')" |
  $casfs ref put "$store" artifact -
eventually test -d "$img/artifact"
files=$img/artifact/files
assert_eq "$(cd "$files"; find . -mindepth 1 -printf '%y %P\n' | LC_ALL=C sort)" "$(printf '%s\n' 'd model' 'd model/dir' \
  'l README.md' 'l README.md~2' 'l model/a b.gguf' 'l model/dir/more')"
assert_eq "$(cat "$files/README.md" "$files/README.md~2" "$files/model/a b.gguf")" "$(printf 'readme\ntwin\nweights')"
assert_eq "$(grep -rl '' "$files" | wc -l)" 0
assert_eq "$(grep -Rl '' "$files" | wc -l)" 4
assert_eq "$(getfattr --only-values -n user.casfs.error "$files")" \
  "$(printf '%s\n' 'layer 2: shown as README.md~2: README.md' "layer 3: left out, '..' in the path: ../../evil")"
assert_fails "Read-only" touch "$files/new"
assert_fails "Read-only" rm "$files/README.md"
cp -rL "$files" copy
assert_eq "$(cat copy/model/dir/more)" more
