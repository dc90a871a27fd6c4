#!/bin/bash
. helpers.bash
. keeper.bash

# stored SIZE: stores random content, and prints its path in the mount.
stored() {
  head -c "$1" /dev/urandom >content
  "$casfs" blob put "$store" content | sed "s|sha256:|$mnt/blobs/sha256/|"
}
# cached FILE: opens a file, and prints how many of its pages are cached then.
cached() { python3 "$scripts/cached.py" "$1"; }

for size in 1 4096 10000 65536; do
  blob=$(stored $size)
  before=$(counter bytes_read)
  assert_eq "$size $(cached "$blob")" "$size $(((size + 4095) / 4096))"
  cmp content "$blob"; cmp content "$blob"
  # More only if the kernel needed the memory.
  [ $(($(counter bytes_read) - before)) -ge $size ]
done
assert_eq "$(cached "$(stored 65537)")" 0
# A corrupt blob is not opened, and nothing of it is cached: the healed one is read.
blob=$(stored 5000); cp content good; file=$store/blobs/sha256/${blob##*/}
chmod u+w "$file"; printf X | dd of="$file" conv=notrunc status=none; cmp -s good "$file" && printf Y | dd of="$file" conv=notrunc status=none
assert_fails "Input/output error" cached "$blob"
"$casfs" blob put "$store" good >/dev/null; cmp good "$blob"
# Another server cannot know whether a file is being read.
blob=$(stored 3000); kill_server
assert_eq "$(cached "$blob")" 0; cmp content "$blob"
