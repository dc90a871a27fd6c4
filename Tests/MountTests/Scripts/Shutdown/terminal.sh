#!/bin/bash
. helpers.bash

timeout 30 python3 "$scripts/terminal.py" '"$casfs" mount --create $store $mnt; echo ready; sleep 60'
sleep 0.3; echo x >"$mnt/incoming/f"; assert_blob_count 1
"$casfs" unmount "$mnt"
timeout 30 python3 "$scripts/terminal.py" '"$casfs" mount -f $store $mnt & eventually() { until "$@"; do sleep 0.1; done; }
  eventually test -d $mnt/blobs; echo y >$mnt/incoming/g; echo ready; wait'
eventually test ! -e "$mnt/blobs"
assert_blob_count 2
