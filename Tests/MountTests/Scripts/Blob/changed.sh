#!/bin/bash
. helpers.bash

{ head -c 2999999 /dev/urandom; echo; } >a; cp a "$mnt/incoming/f"; hex=$(sha256 a); blob=$mnt/blobs/sha256/$hex
cmp a "$blob"
assert_eq "$(counter failures)" 0
chmod 644 "$store/blobs/sha256/$hex"; sleep 0.02
printf X | dd of="$store/blobs/sha256/$hex" bs=1 seek=2999999 conv=notrunc status=none
eventually bash -c "! cat $blob"
assert_fails 'Input/output error' cat "$blob"
[ "$(counter failures)" -ge 1 ]
