#!/bin/bash
. helpers.bash

"$casfs" create "$store"; echo x | "$casfs" blob put "$store"
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/mount-program-inside.sh"
assert_blob_count 2
