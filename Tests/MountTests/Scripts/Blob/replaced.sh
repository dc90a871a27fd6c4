#!/bin/bash
. helpers.bash

head -c 100000 /dev/urandom >a; cp a "$mnt/incoming/f"; hex=$(sha256 a); blob=$mnt/blobs/sha256/$hex
before=$(stat -c %i "$blob"); exec 3<"$blob"
for _ in 1 2 3; do
  cp a "$store/blobs/sha256/new"; mv -f "$store/blobs/sha256/new" "$store/blobs/sha256/$hex"
  cmp a "$blob"; cmp a "$mnt/incoming/f"
  assert_eq "$(stat -c %i "$blob")" "$before"
done
cmp a <(cat <&3)
