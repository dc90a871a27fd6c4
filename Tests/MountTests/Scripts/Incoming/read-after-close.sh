#!/bin/bash
. helpers.bash

for i in {1..40}; do
  head -c $((i * 20000)) /dev/urandom >a
  hex=$(sha256 a)
  cp a "$mnt/incoming/f$i"
  [ -e "$mnt/blobs/sha256/$hex" ]
  [ -L "$mnt/committed/f$i" ]
  assert_eq "$(ls "$mnt/blobs/sha256" | grep -c "$hex")" 1
  cmp a "$mnt/incoming/f$i"
done
assert_eq "$(ls "$mnt/committed" | wc -l)" 40
