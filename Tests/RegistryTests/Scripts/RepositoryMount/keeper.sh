#!/bin/bash
. registry.bash
. keeper.bash
start_registry main

make_image a 3000000; push_image a v1
"$casfs" mount -o keeper "$repository" "$mnt"
exec 3<"$mnt/blobs/sha256/$layer"; head -c 1000 <&3 >start; echo early >early; cp early "$mnt/incoming/early"
ls -f "$mnt/blobs/sha256" >names
for _ in 1 2; do
  kill_server
  assert_eq "$(ls -f "$mnt/blobs/sha256")" "$(cat names)"
  cmp "$mnt/images/v1/config" "a/blobs/sha256/$config"
  assert_eq "$(ls "$mnt/refs")" v1
done
cat <&3 >rest; exec 3<&-; cat start rest | cmp - "a/blobs/sha256/$layer"
cmp "$mnt/committed/early" early; echo late >late; cp late "$mnt/incoming/late"
has_blob "$(sha256 early)"; has_blob "$(sha256 late)"
echo "sha256:$manifest" >"$mnt/refs/v2"; assert_eq "$(tag_digest v2)" "sha256:$manifest"
assert_eq "$("$casfs" status --json "$mnt" | jq -r '"\(.store) \(.restarts)"')" "$repository 2"
# The next server does without the registry: content in the cache is read.
stop_registry main; kill_server
cmp "$mnt/blobs/sha256/$layer" "a/blobs/sha256/$layer"; cmp "$mnt/incoming/late" late
"$casfs" unmount "$mnt"
