#!/bin/bash
. helpers.bash

"$casfs" create "$store"
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/log-inside.sh"
