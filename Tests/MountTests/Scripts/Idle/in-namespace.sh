#!/bin/bash
. helpers.bash
: "${script:?}"

"$casfs" create "$store"; seq 100 | "$casfs" blob put "$store" >/dev/null
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/../$script"
