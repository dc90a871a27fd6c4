#!/bin/bash
. helpers.bash

# used FILE: prints the space that it takes, in KiB.
used() { du -sk "$1" | cut -f 1; }

truncate -s 64M plain; echo middle | dd of=plain bs=1M seek=9 conv=notrunc status=none
before=$(used "$store")
cp --sparse=always plain "$mnt/incoming/f"
assert_committed f plain
echo more >>"$mnt/incoming/f"; echo more >>plain
assert_committed f plain
assert_blob_count 2
[ $(($(used "$store") - before)) -lt 1024 ] || fail "the store grew by $(($(used "$store") - before)) KiB"
blob=$(readlink -f "$mnt/committed/f")
for file in "$mnt/incoming/f" "$blob"; do
  [ "$(used "$file")" -lt 1024 ] || fail "$file takes $(used "$file") KiB"
  python3 "$scripts/holes.py" "$file" "$store/blobs/sha256/${blob##*/}"
  cp --sparse=auto "$file" out
  [ "$(used out)" -lt 1024 ] || fail "the copy takes $(used out) KiB"
  cmp out plain
  tar -cSf out.tar -C "${file%/*}" "${file##*/}"
  [ "$(used out.tar)" -lt 1024 ] || fail "the archive takes $(used out.tar) KiB"
done
# Truncated and extended, the end is a hole.
truncate -s 10M "$mnt/incoming/f"; truncate -s 64M "$mnt/incoming/f"
truncate -s 10M plain; truncate -s 64M plain
assert_committed f plain
[ "$(used "$mnt/incoming/f")" -lt 1024 ] || fail "the file takes $(used "$mnt/incoming/f") KiB"
assert_eq "$(tail -c 5 "$mnt/index.json" | wc -c)" 5
cat "$mnt/index.json" >index; python3 "$scripts/holes.py" "$mnt/index.json" index
