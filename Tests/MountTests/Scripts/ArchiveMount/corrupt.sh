#!/bin/bash
. helpers.bash
: "${mode:?}"

"$casfs" create "$store"; head -c 3000000 /dev/urandom >a; echo b >b
"$casfs" blob put "$store" a b >/dev/null; blob=$mnt/blobs/sha256/$(sha256 a)
tar -cf x.tar -C "$store" .; cp x.tar good.tar
python3 "$scripts/corrupt.py"
"$casfs" mount -o "$mode" oci-archive:x.tar "$mnt"
for _ in 1 2 3; do
  assert_fails 'Input/output error' head -c 1 "$blob"
  assert_fails 'Input/output error' python3 -c "import mmap; mmap.mmap(open('$blob').fileno(), 1, prot=mmap.PROT_READ)[0]"
done
cmp b "$mnt/blobs/sha256/$(sha256 b)"
# A repair in place is noticed.
dd if=good.tar of=x.tar conv=notrunc status=none
cmp a "$blob"
truncate -s 1000000 x.tar
eventually bash -c "! cat $blob"
