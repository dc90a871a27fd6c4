#!/bin/bash
. helpers.bash

head -c 2000000 /dev/urandom >a; hex=$("$casfs" blob put "$store" a | cut -d : -f 2); blob=$mnt/blobs/sha256/$hex
for _ in 1 2 3 4 5 6; do cmp a "$blob" & done; wait
for _ in 1 2 3 4 5 6; do cmp a "$blob"; done
[ "$(counter verifications)" -le 6 ]; before=$(counter verifications)
for _ in 1 2 3 4 5 6; do cmp a "$blob"; done
assert_eq "$(counter verifications)" "$before"
touch "$store/blobs/sha256/$hex"; cmp a "$blob"
assert_eq "$(counter verifications)" $((before + 1))
