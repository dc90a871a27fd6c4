#!/bin/bash
. helpers.bash

"$casfs" create "$store"; mkdir -p "$store/blobs/sha256"; echo small | "$casfs" blob put "$store" >/dev/null
tar -cf small.tar -C "$store" .
head -c 1M /dev/urandom >piece; for _ in {1..1024}; do cat piece; done >big; hex=$(sha256 big)
mv big "$store/blobs/sha256/$hex"; tar -cf large.tar -C "$store" .
# milliseconds ARCHIVE: prints the shortest time of three mounts.
milliseconds() {
  local best=100000 start took
  for _ in 1 2 3; do
    start=$(date +%s%N); "$casfs" mount "oci-archive:$1" "$mnt"; took=$((($(date +%s%N) - start) / 1000000))
    "$casfs" unmount "$mnt"
    if [ $took -lt $best ]; then best=$took; fi
  done
  echo $best
}
small=$(milliseconds small.tar); large=$(milliseconds large.tar); echo "$small" "$large"
# Hashing the large archive takes at least half a second.
[ "$large" -lt $((small + 200)) ] || fail "$large in place of $small milliseconds"
"$casfs" mount oci-archive:large.tar "$mnt"; cmp "$mnt/blobs/sha256/$hex" "$store/blobs/sha256/$hex"
