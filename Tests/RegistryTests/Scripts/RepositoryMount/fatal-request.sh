#!/bin/bash
: "${signal:?}" "${deaths:?}"
. registry.bash
. keeper.bash
start_registry main

ulimit -c 0
# The runtime's handler of crashes takes long, and survives a signal that another process sends.
export SWIFT_BACKTRACE=enable=no
for f in b c; do head -c 1000 /dev/urandom >$f; upload_blob $f >/dev/null; done
"$casfs" mount -o keeper,restarts=0 "$repository" "$mnt"
cmp "$mnt/blobs/sha256/$(sha256 b)" b
inject_fault '{"on": "GET .*/blobs/sha256:'"$(sha256 c)"'", "silent": 100, "times": -1}'
cat "$mnt/blobs/sha256/$(sha256 c)" 2>said & reader=$!
# is_tried N: tells whether N servers have asked the registry for the blob.
is_tried() { [ "$(faults_met)" -ge "$1" ]; }
for ((death = 1; death <= deaths; death++)); do
  eventually is_tried "$death"
  kill "-$signal" "$(server_pid)"
done
if wait $reader; then fail "success"; fi
grep -q 'Input/output error' said
assert_eq "$("$casfs" status --json "$mnt" | jq .restarts)" "$deaths"
clear_faults; cmp "$mnt/blobs/sha256/$(sha256 b)" b; cmp "$mnt/blobs/sha256/$(sha256 c)" c
"$casfs" unmount "$mnt"
