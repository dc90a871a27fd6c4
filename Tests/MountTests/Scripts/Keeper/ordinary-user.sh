#!/bin/bash
. helpers.bash

chmod 777 . mnt
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/ordinary-user-inside.sh"
assert_blob_count 2
