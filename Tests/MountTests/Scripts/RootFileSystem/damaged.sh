#!/bin/bash
. helpers.bash
. rootfs.bash

mkdir tree; seq 100000 >tree/a; tar -C tree -cf good.tar .; echo b >tree/b; tar -C tree -cf bad.tar .
"$casfs" create "$store"; image good good.tar; image mixed good.tar bad.tar
digest=$(sha256 bad.tar)
chmod u+w "$store/blobs/sha256/$digest"
printf x | dd of="$store/blobs/sha256/$digest" bs=1 seek=100000 conv=notrunc status=none
other=$(sha256 "$store/blobs/sha256/$digest")
"$casfs" mount -f "$store" "$mnt" 2>log & eventually mountpoint -q "$mnt"
images=$mnt/images
assert_fails "Input/output error" ls "$images/mixed/rootfs"; assert_fails "Input/output error" ls "$images/mixed/rootfs"
getfattr --only-values -n user.casfs.error "$images/mixed/rootfs" >reason
grep -q "$digest" reason; grep -q "$other" reason
assert_eq "$(ls "$images/mixed/diffs/00")" a
assert_fails "Input/output error" ls "$images/mixed/diffs/01"
assert_eq "$(ls "$images/good/rootfs")" a
cmp "$images/good/rootfs/a" tree/a
test -e "$images/mixed/layers/00"
"$casfs" unmount "$mnt"; wait
assert_eq "$(grep -c "$digest.*$other" log)" 2
