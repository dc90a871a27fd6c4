#!/bin/bash
. registry.bash
: "${method:?}"
start_registry main

make_image a; push_image a v1; for f in b c d e; do head -c 100000 /dev/urandom >$f; upload_blob $f >/dev/null; done
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
for f in b d e; do inject_fault '{"on": "'"$method"' .*/blobs/sha256:'"$(sha256 $f)"'", "silent": 100, "times": -1}'; done
# within SECONDS STATUS COMMAND…: the command ends in time with the status.
within() {
  local began=$SECONDS status=0
  "${@:3}" || status=$?
  [ $status = "$2" ] || fail "$status in place of $2 of ${*:3}"
  [ $((SECONDS - began)) -le "$1" ] || fail "$((SECONDS - began)) seconds for ${*:3}"
}
# A timeout gives EIO.
within 60 1 cat "$mnt/blobs/sha256/$(sha256 b)" 2>said & waiting=$!
within 60 1 "$casfs" blob get "$repository" "sha256:$(sha256 b)" >got 2>said2 & command=$!
# Other requests are not delayed, and a signal frees a waiter.
sleep 0.5; within 4 0 cmp "$mnt/blobs/sha256/$(sha256 c)" c; within 1 0 cmp "$mnt/blobs/sha256/$layer" "a/blobs/sha256/$layer"
within 4 124 timeout -s INT 1 cat "$mnt/blobs/sha256/$(sha256 d)"
within 4 124 timeout -s INT 1 "$casfs" blob get "$repository" "sha256:$(sha256 d)"
within 4 137 timeout -s KILL 1 cat "$mnt/blobs/sha256/$(sha256 e)"
for job in $waiting $command; do wait "$job" || { cat said said2 >&2; fail "it was not let go"; }; done
grep -q 'Input/output error' said; grep -q "$host/app" said2; [ ! -s got ]
clear_faults; eventually cmp "$mnt/blobs/sha256/$(sha256 b)" b
