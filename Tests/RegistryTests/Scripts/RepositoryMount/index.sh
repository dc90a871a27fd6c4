#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
"$casfs" mount "$repository" "$mnt"

# add ENTRY…: adds entries like the first to the index, with a name and a digest each: NAME=DIGEST.
add() {
  # shellcheck disable=SC2016 # a filter of jq
  jq -c --args '.manifests += [.manifests[0] as $first | $ARGS.positional[] | split("=") as [$name, $digest]
    | $first | .annotations["org.opencontainers.image.ref.name"] = $name | .digest = $digest]' \
    "$@" <"$mnt/index.json" >changed
  cp changed "$mnt/index.json"
}

missing=sha256:$(printf absent | sha256sum | cut -d ' ' -f 1)
assert_fails 'Invalid argument' add "good=sha256:$manifest" "b/ad=sha256:$manifest"
assert_eq "$(list_tags)" v1
# The manifest of the second is not stored, which its push alone finds out.
assert_fails 'No such file' add "one=sha256:$manifest" "two=$missing" "three=sha256:$manifest"
assert_eq "$(list_tags)" 'one v1'
add "two=sha256:$manifest"
assert_eq "$(list_tags)" 'one two v1'
