#!/bin/bash
. helpers.bash

for name in new old; do
  rm -f told; python3 "$scripts/orphan.py" "$mnt/incoming/$name" || true
  eventually test -e told; assert_eq "$(tr '\n' ' ' <told)" 'EIO EIO '
  assert_absent new
  echo whole >"$mnt/incoming/old"
done
echo whole >want; assert_committed old want; assert_blob_count 1
