#!/bin/bash
. helpers.bash
. rootfs.bash

# A plain layer, of which one MiB is damaged after the first mount; its index is in the cache then.
mkdir tree; seq 100000 >tree/a; seq 600000 >tree/b; echo c >tree/c
tar -C tree --sort=name -cf layer.tar .
"$casfs" create "$store"; image image layer.tar
blob=$store/blobs/sha256/$(sha256 layer.tar)
rootfs=$mnt/images/image/rootfs
for mode in splice copy passthrough; do
  "$casfs" mount -o "read=$mode" "$store" "$mnt"
  cmp <(hashed "$rootfs") <(hashed tree)
  assert_eq "$(tail -c +2000001 "$rootfs/b" | head -c 100000 | sha256sum)" \
    "$(tail -c +2000001 tree/b | head -c 100000 | sha256sum)"
  "$casfs" unmount "$mnt"
done
cp "$blob" good; chmod u+w "$blob"
printf x | dd of="$blob" bs=1 seek=3000000 conv=notrunc status=none
"$casfs" mount "$store" "$mnt"
cmp "$rootfs/a" tree/a; cmp "$rootfs/c" tree/c
assert_fails "Input/output error" cat "$rootfs/b"
head -c 1000000 "$rootfs/b" | cmp - <(head -c 1000000 tree/b)
"$casfs" unmount "$mnt"
# In one mount, a change after the first read is found by the next read that reaches the daemon.
cat good >"$blob"
"$casfs" mount "$store" "$mnt"
head -c 1000000 "$rootfs/b" | cmp - <(head -c 1000000 tree/b)
printf x | dd of="$blob" bs=1 seek=3000000 conv=notrunc status=none
assert_fails "Input/output error" cat "$rootfs/b"
"$casfs" unmount "$mnt"
