#!/bin/bash
. helpers.bash

head -c 300000 /dev/urandom >a; hex=$("$casfs" blob put "$store" a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
before=$(stat -c %i "$blob"); exec 3<"$blob"; head -c 10 <&3 | cmp -n 10 - a
cp a "$store/blobs/sha256/new"; mv -f "$store/blobs/sha256/new" "$store/blobs/sha256/$hex"
for _ in 1 2 3; do cmp a "$blob"; assert_eq "$(stat -c %i "$blob")" "$before"; done
exec 4<"$blob"; rm "$blob"; assert_fails 'No such file' cat "$blob"
cmp a - <&4; python3 -c "import os; assert os.pread(3, 300000, 0) == open('a', 'rb').read()"
cp a "$mnt/incoming/a"; cmp a "$blob"
