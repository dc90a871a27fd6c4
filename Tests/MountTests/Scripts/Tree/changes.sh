#!/bin/bash
. helpers.bash

for i in {1..20}; do
  hex=$(echo "$i" | sha256sum | cut -c 1-64)
  if [ -e "$mnt/blobs/sha256/$hex" ]; then fail early; fi
  echo "$i" | "$casfs" blob put "$store" >/dev/null
  # Immediately, although the kernel just cached its absence.
  assert_eq "$(cat "$mnt/blobs/sha256/$hex")" "$i"
done
"$casfs" ref put "$store" tag "sha256:$hex"; sleep 1; assert_eq "$(jq -r .digest "$mnt/refs/tag")" "sha256:$hex"
other=$(echo 1 | sha256sum | cut -c 1-64)
"$casfs" ref put --force "$store" tag "sha256:$other"; sleep 1; assert_eq "$(jq -r .digest "$mnt/refs/tag")" "sha256:$other"
"$casfs" ref rm "$store" tag; sleep 1; if [ -e "$mnt/refs/tag" ]; then fail "the tag is still there"; fi
"$casfs" blob rm "$store" "sha256:$hex"; sleep 1
if [ -e "$mnt/blobs/sha256/$hex" ]; then fail "the blob is still there"; fi
assert_eq "$(ls "$mnt/blobs/sha256" | wc -l)" 19
