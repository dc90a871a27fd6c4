#!/bin/bash
. helpers.bash

for c in a b; do echo $c >"$mnt/incoming/$c"; done
a=$(sha256 "$mnt/incoming/a") b=$(sha256 "$mnt/incoming/b")
jq -nc --arg d "sha256:$a" '{schemaVersion: 2, manifests: [range(500) | {
  mediaType: "application/octet-stream", digest: $d, size: 2,
  annotations: {"org.opencontainers.image.ref.name": "n\(.)"}}]}' >index.json
cp index.json "$store"; eventually test -e "$mnt/refs/n499"
python3 -c 'import os, sys
while True: os.path.exists(sys.argv[1])' "$mnt/refs/none" &
# Concurrent readers finish with the old index.
for hex in $a $b $a $b $a $b $a $b; do
  echo "sha256:$hex" >"$mnt/refs/new"; sleep 0.05
  assert_eq "$(jq -r .digest "$mnt/refs/new")" "sha256:$hex"
  mv "$mnt/refs/new" "$mnt/refs/latest"; sleep 0.05
  assert_eq "$(jq -r .digest "$mnt/refs/latest")" "sha256:$hex"
  [ ! -e "$mnt/refs/new" ]
done
