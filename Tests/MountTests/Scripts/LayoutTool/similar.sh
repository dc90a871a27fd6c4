#!/bin/bash
. helpers.bash

put() { printf '{"mediaType":"a/b","digest":"%s","size":2%s}' "$("$casfs" blob put "$store" "$1")" "${2-}"; }
printf '{}' >one; printf '[]' >two
arm=',"platform":{"architecture":"arm64","os":"linux"}' amd=',"platform":{"architecture":"amd64","os":"linux"}'
tag=',"annotations":{"org.opencontainers.image.ref.name":"t"}'

# served: the mount serves the entries of the new index.
served() { [ "$(jq -c .manifests "$mnt/index.json")" = "$(jq -c .manifests new.json)" ]; }

# edited ENTRIES FILTER: an edit of the index by jq has the same result in the mount as in a file.
edited() {
  printf '{"schemaVersion":2,"manifests":[%s]}' "$1" >new.json
  cp new.json "$store/new.json"; mv "$store/new.json" "$store/index.json"
  eventually served
  jq -c "$2" new.json >expected.json
  jq -c "$2" "$mnt/index.json" >"$mnt/index.json.tmp"; mv "$mnt/index.json.tmp" "$mnt/index.json"
  assert_eq "$2: $(jq -Sc 'del(.annotations)' "$store/index.json")" "$2: $(jq -Sc . expected.json)"
}

unnamed="$(put one),$(put one "$arm"),$(put two)"
edited "$unnamed" '.manifests |= reverse'
edited "$unnamed" 'del(.manifests[0])'
edited "$unnamed" 'del(.manifests[1])'
edited "$unnamed" '.manifests[0].platform = {architecture: "s390x", os: "linux"}'
edited "$unnamed" '.manifests += [.manifests[0]]'
platforms="$(put one "$amd$tag"),$(put one "$arm$tag"),$(put two "$tag")"
edited "$platforms" 'del(.manifests[0])'
edited "$platforms" '.manifests[0].annotations.note = "x"'
edited "$platforms" '.manifests |= [.[2], .[0], .[1]]'
edited "$platforms" '.manifests += [.manifests[0] | .platform.architecture = "s390x"]'
edited "$(put one "$tag"),$(put one "$tag")" 'del(.manifests[0])'
edited "$(put one "$tag")" '.manifests += [.manifests[0] | del(.annotations)]'
edited "$(put one "$tag")" '.artifactType = "a/b" | .mediaType = "application/vnd.oci.image.index.v1+json" | .more = 1'
assert_fsck_clean
