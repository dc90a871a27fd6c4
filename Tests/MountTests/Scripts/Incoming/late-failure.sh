#!/bin/bash
. helpers.bash

hex=$(printf a | sha256sum | cut -c 1-64)
# The shell opens the file, and ends before its writer.
(sleep 0.3; echo other) >"$mnt/incoming/$hex" &
wait
bash -c "exec 3>$mnt/incoming/sha256:$hex; (sleep 0.5; echo other >&3) & "
eventually getfattr -n user.casfs.error --only-values "$mnt/incoming/sha256:$hex"
assert_blob_count 0
[ "$(counter failures)" -ge 1 ]
echo again >"$mnt/incoming/f"; assert_blob_count 1
