#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; mkdir mnt2 new
"$casfs" mount -o cache_size=0 "$repository" "$mnt"; "$casfs" mount -o cache_size=0 "$repository" mnt2
for i in {1..40}; do head -c 10000 /dev/urandom >"new/$i"; done
for i in {1..40}; do
  at=$mnt; [ $((i % 2)) = 0 ] || at=mnt2
  { cp "new/$i" "$at/incoming/"; cmp "$mnt/blobs/sha256/$(sha256 "new/$i")" "new/$i"; cmp "mnt2/blobs/sha256/$(sha256 "new/$i")" "new/$i"; } &
  writers[i]=$!
done
for writer in "${writers[@]}"; do wait "$writer"; done
