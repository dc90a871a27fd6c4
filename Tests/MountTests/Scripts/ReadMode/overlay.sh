#!/bin/bash
. helpers.bash

mkdir lower upper work over; mount -t tmpfs none upper; mkdir upper/up upper/work
mount -t overlay none -o lowerdir=lower,upperdir=upper/up,workdir=upper/work over
trap 'umount -l $mnt over upper' EXIT
"$casfs" mount --create over/store "$mnt"
head -c 3000001 /dev/urandom >a; cp a "$mnt/incoming/f"
python3 "$scripts/../read_every_way.py" "$mnt/blobs/sha256/$(sha256 a)" a
assert_eq "$("$casfs" status --json "$mnt" | jq -r .read_mode)" passthrough
