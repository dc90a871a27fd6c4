#!/bin/bash
. helpers.bash

head -c 300000 /dev/urandom >a; cp a b; echo more >>b
cp a "$mnt/incoming/f"; first=$(readlink "$mnt/committed/f")
exec 3<"$mnt/committed/f"
echo more >>"$mnt/incoming/f"
assert_committed f b
cmp a <(cat <&3)
cmp a "$mnt/committed/$first"
assert_blob_count 2
exec 3<>"$mnt/incoming/f"
echo one >&3; printf one\\n | dd of=b conv=notrunc status=none; /bin/true >&3
exec 3>&-
assert_committed f b
assert_blob_count 3
