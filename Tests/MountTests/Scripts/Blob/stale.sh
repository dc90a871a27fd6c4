#!/bin/bash
. helpers.bash

head -c 100000 /dev/urandom >a; hex=$("$casfs" blob put "$store" a | sed s/sha256://)
head -c 10 a >"$store/blobs/sha256/short"; mv -f "$store/blobs/sha256/short" "$store/blobs/sha256/$hex"
python3 "$scripts/stale.py" "$casfs" "$store" "$mnt/blobs/sha256/$hex"
