#!/bin/bash
. helpers.bash
. rootfs.bash

export XDG_CACHE_HOME=$PWD/cache
mkdir tree; echo a >tree/a; tar -C tree -cf layer.tar .
"$casfs" create "$store"; image name layer.tar
index=$XDG_CACHE_HOME/casfs-layers/sha256-$(sha256 layer.tar)
"$casfs" image ls "$store" name >/dev/null
cp "$index" good
for part in rootfs diffs/00; do
  python3 "$scripts/index.py" "$index"
  assert_fails differ cmp "$index" good
  "$casfs" mount -f "$store" "$mnt" 2>log & eventually mountpoint -q "$mnt"
  cmp "$mnt/images/name/$part/a" tree/a
  cmp "$index" good
  "$casfs" unmount "$mnt"; wait
  assert_eq "$(grep -c 'cached index of layer .* is made anew' log)" 1
done
python3 "$scripts/index.py" "$index"
"$casfs" mount -o image=name "$store" "$mnt"
cmp "$mnt/a" tree/a
cmp "$index" good
