#!/bin/bash
. disk.bash

head -c 3000000 /dev/urandom >a; commit a
assert_verifications 0 a
cp -p "$record" good
spoil() { dd if="$1" of="$record" bs=4096 seek="$2" count=4096 conv=notrunc status=none; }
for change in 'spoil /dev/urandom 1' 'spoil /dev/zero 1' "truncate -s 5000 '$record'" "truncate -s 0 '$record'" \
  "rm '$record'" "sed -i 's/^casfs verified 1/casfs verified 2/' '$record'" "ln -sf /dev/full '$record'" \
  "chmod 660 '$record'" "chown 65534 '$record'" "rm '$record'; mkdir '$record'"; do
  eval "$change"; assert_verifications 1 a
  rm -rf "$record"; cp -p good "$record"; assert_verifications 0 a
done
umount disk
