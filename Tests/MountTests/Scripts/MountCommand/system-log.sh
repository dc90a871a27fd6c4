#!/bin/bash
. helpers.bash

"$casfs" create "$store"
digest=$(echo x | "$casfs" blob put "$store")
ln -s "$casfs" mount.casfs
export digest
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/system-log-inside.sh"
