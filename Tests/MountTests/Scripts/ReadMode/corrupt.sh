#!/bin/bash
. helpers.bash

{ head -c 2999999 /dev/urandom; echo; } >a; hex=$("$casfs" blob put "$store" a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
chmod 644 "$store/blobs/sha256/$hex"
printf X | dd of="$store/blobs/sha256/$hex" bs=1 seek=2999999 conv=notrunc status=none
for _ in 1 2 3; do
  assert_fails 'Input/output error' head -c 1 "$blob"
  assert_fails 'Input/output error' python3 -c "import mmap; mmap.mmap(open('$blob').fileno(), 1, prot=mmap.PROT_READ)[0]"
done
cp a "$mnt/incoming/a"; cmp a "$blob"
# The kernel's cache of the good copy is not used for the next.
chmod 644 "$store/blobs/sha256/$hex"; sleep 0.02; truncate -s 1000000 "$store/blobs/sha256/$hex"
eventually bash -c "! cat $blob"
assert_fails 'Input/output error' cat "$blob"
