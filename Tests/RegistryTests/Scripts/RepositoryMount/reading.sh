#!/bin/bash
. registry.bash
: "${mode:?}"
start_registry main

make_image a 3000000; push_image a v1 latest
"$casfs" mount -o "$mode" "$repository" "$mnt"
assert_eq "$(ls "$mnt/refs" | tr '\n' ' ')" 'latest v1 '
assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"
cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"; cmp "$mnt/images/v1/config" "a/blobs/sha256/$config"
tar tzf "$mnt/images/v1/layers/00" | grep -qx ./etc/random
assert_eq "$(tar -xzOf "$mnt/images/latest/layers/00" ./etc/motd)" hello
assert_eq "$(ls "$mnt/blobs/sha256" | tr '\n' ' ')" "$(printf '%s\n' "$config" "$layer" "$manifest" | sort | tr '\n' ' ')"
for blob in $config $layer $manifest; do
  cmp "$mnt/blobs/sha256/$blob" "a/blobs/sha256/$blob"
  assert_eq "$(stat -c '%s %a' "$mnt/blobs/sha256/$blob")" "$(stat -c %s "a/blobs/sha256/$blob") 444"
done
python3 "$scripts/reading.py" "$mnt/blobs/sha256/$layer" "a/blobs/sha256/$layer"
skopeo inspect "oci:$mnt:v1" | jq -e '.Layers | length == 1' >/dev/null
assert_eq "$("$casfs" status --json "$mnt" | jq -r .store)" "$repository"
assert_eq "$("$casfs" status --json "$mnt" | jq .counters.failures)" 0
