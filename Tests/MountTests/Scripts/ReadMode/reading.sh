#!/bin/bash
. helpers.bash

head -c 3000001 /dev/urandom >a; cp a "$mnt/incoming/f"
cp /usr/bin/true b; "$casfs" blob put "$store" b >/dev/null; : >c; "$casfs" blob put "$store" c >/dev/null
blob=$mnt/blobs/sha256/$(sha256 a)
python3 "$scripts/../read_every_way.py" "$blob" a; python3 "$scripts/../read_every_way.py" "$mnt/committed/f" a; python3 "$scripts/../read_every_way.py" "$mnt/incoming/f" a
cmp "$mnt/blobs/sha256/$(sha256 c)" c; cmp "$mnt/blobs/sha256/$(sha256 b)" b
$(ls /lib64/ld-linux* /lib/ld-linux* 2>/dev/null | head -n 1) "$mnt/blobs/sha256/$(sha256 b)"
python3 "$scripts/../attempt_writes.py" "$blob"
exec 3<"$blob"; python3 "$scripts/../attempt_writes.py" "$blob"; cmp a - <&3
assert_blob_count 3
