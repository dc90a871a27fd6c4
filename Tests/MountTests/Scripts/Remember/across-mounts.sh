#!/bin/bash
. disk.bash

head -c 3000000 /dev/urandom >a; commit a
assert_verifications 0 a
umount disk; mount -o loop image disk; assert_verifications 0 a
assert_eq "$(stat -c '%a %U %s' "$record")" '600 root 16781312'

# Another tool's blob is hashed by the first mount whose clock is beyond its tick.
head -c 3000000 /dev/urandom >b; "$casfs" blob put "$store" b >digest; blob=$mnt/blobs/sha256/$(sha256 b)
"$casfs" mount "$store" "$mnt"; cmp b "$blob"; assert_eq "$(counter verifications)" 1; finish
begin; cmp b "$blob"; assert_eq "$(counter verifications)" 1; finish
is_known() { begin; cmp b "$blob"; hashed=$(counter verifications); finish; [ "$hashed" = 0 ]; }
eventually is_known

# The same in an archive, in which each blob is a region of the file.
directory=$store store=oci-archive:$top/disk/x.tar; tar -cf disk/x.tar -C "$directory" .
eventually is_known
touch disk/x.tar; begin; cmp b "$blob"; assert_eq "$(counter verifications)" 1; finish
store=$directory

blob=$mnt/blobs/sha256/$(sha256 a); cp -p "$kept" times
printf X | dd of="$kept" bs=1 seek=2999999 conv=notrunc status=none; touch -r times "$kept"
begin; assert_fails 'Input/output error' cat "$blob"; finish
begin; assert_fails 'Input/output error' cat "$blob"; cp a "$mnt/incoming/f"; cmp a "$blob"; finish
assert_verifications 0 a
umount disk
