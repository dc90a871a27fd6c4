#!/bin/bash
. registry.bash
. keeper.bash
start_registry main

make_image a 3000000; push_image a v1
"$casfs" mount -o keeper "$repository" "$mnt"
exec 3<"$mnt/blobs/sha256/$layer" 7>"$mnt/incoming/written" 8>"$mnt/refs/v2"
head -c 1000 <&3 >start; echo half >&7; printf 'sha256:' >&8
for _ in 1 2; do
  "$casfs" reload "$mnt"
  cmp "$mnt/images/v1/config" "a/blobs/sha256/$config"
done
echo whole >&7; exec 7>&-; printf 'half\nwhole\n' >written; cmp "$mnt/committed/written" written; has_blob "$(sha256 written)"
echo "$manifest" >&8; exec 8>&-; assert_eq "$(tag_digest v2)" "sha256:$manifest"
cat <&3 >rest; exec 3<&-; cat start rest | cmp - "a/blobs/sha256/$layer"
assert_eq "$("$casfs" status --json "$mnt" | jq -r '"\(.reloads) \(.restarts)"')" '2 0'
"$casfs" unmount "$mnt"
