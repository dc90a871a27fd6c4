#!/bin/bash
. helpers.bash

python3 -B "$scripts/swapped.py"
mkdir -p outside/sha256 outside/refs
hex=$(printf 'secret of the store' | sha256sum | cut -c 1-64)
other=$(printf outside | sha256sum | cut -c 1-64); printf outside >"outside/sha256/$other"
printf 'not what it should be' >"outside/sha256/$hex"
$casfs mount "$store" "$mnt"
{ set +e
  while :; do
    mv "$store/blobs/sha256" "$store/blobs/kept"; ln -s "$top/outside/sha256" "$store/blobs/sha256"
    # casfs may have created the missing directory.
    until rm -rf "$store/blobs/sha256"; mv -T "$store/blobs/kept" "$store/blobs/sha256"; do :; done
  done; } 2>/dev/null & swapper=$!
for i in {1..150}; do
  got=$(cat "$mnt/blobs/sha256/$hex" 2>/dev/null || true)
  [ -z "$got" ] || assert_eq "$got" 'secret of the store'
  if [ -e "$mnt/blobs/sha256/$other" ]; then fail 'led out by the mount'; fi
  got=$($casfs blob get "$store" "sha256:$hex" 2>/dev/null || true)
  [ -z "$got" ] || assert_eq "$got" 'secret of the store'
  if $casfs blob get "$store" "sha256:$other" >/dev/null 2>&1; then fail 'led out'; fi
  if [ $((i % 10)) = 0 ]; then
    echo "$i" >"$i"; cp "$i" "$mnt/incoming/$i" 2>/dev/null || true
    $casfs blob put "$store" "$i" >/dev/null 2>&1 || true
    $casfs gc "$store" >/dev/null 2>&1 || true
    $casfs fsck "$store" >/dev/null 2>&1 || true
  fi
done
kill $swapper; wait $swapper || true
assert_eq "$(ls outside/sha256 | wc -l)" 2
assert_eq "$(cat "outside/sha256/$hex")" 'not what it should be'
if [ -e "$store/blobs/kept" ]; then rm -rf "$store/blobs/sha256"; mv "$store/blobs/kept" "$store/blobs/sha256"; fi
eventually grep -q 'secret of' "$mnt/blobs/sha256/$hex"
