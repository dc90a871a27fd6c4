#!/bin/bash
. helpers.bash

"$casfs" create "$store"; { head -c 2999999 /dev/urandom; echo; } >a; echo b >b
hex=$("$casfs" blob put "$store" a | cut -d : -f 2); "$casfs" blob put "$store" b >b.digest
chmod 644 "$store/blobs/sha256/$hex"
printf X | dd of="$store/blobs/sha256/$hex" bs=1 seek=2999999 conv=notrunc status=none
"$casfs" mount -f "$store" "$mnt" 2>log & eventually test -d "$mnt/blobs"
blob=$mnt/blobs/sha256/$hex
for _ in 1 2 3; do
  assert_fails 'Input/output error' cat "$blob"
  assert_fails 'Input/output error' dd if="$blob" bs=1 count=1
  assert_fails 'Input/output error' dd if="$blob" iflag=direct bs=4096 count=1
  assert_fails 'Input/output error' cp "$blob" copy
  assert_fails 'Input/output error' python3 -c "import mmap; f = open('$blob', 'rb'); print(mmap.mmap(f.fileno(), 1, prot=mmap.PROT_READ)[0])"
done
if [ -s copy ]; then fail "some of it was copied"; fi
assert_eq "$(cat "$mnt/blobs/sha256/$(cut -d : -f 2 b.digest)")" b
actual=$(sha256 "$store/blobs/sha256/$hex")
assert_eq "$(grep -c "$hex.*$actual\|$actual.*$hex" log)" 1
[ "$("$casfs" status --json "$mnt" | jq .counters.failures)" -ge 1 ]
cp a "$mnt/incoming/again"
cmp a "$blob"; assert_committed again a
assert_blob_count 2
