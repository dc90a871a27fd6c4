#!/bin/bash
. helpers.bash

"$casfs" create "$store"; echo x | "$casfs" blob put "$store"
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/mount-program-inside.sh"
# The files that were only touched share the empty blob.
assert_blob_count 3
