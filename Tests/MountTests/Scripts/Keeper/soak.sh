#!/bin/bash
# Kills the server at random moments under readers, writers and taggers. With `lossy` the mount has the option noresend.
: "${seed:?}" "${seconds:?}"
# shellcheck disable=SC2034 # keeper.bash uses it
time_limit=$((seconds + 80))
. helpers.bash
. keeper.bash

python3 "$scripts/soak.py" "$mnt" "$store" "$(keeper_pid)" "$seed" "$seconds" ${lossy:+lossy}
eventually "$casfs" status "$mnt"
"$casfs" unmount "$mnt"; assert_fsck_clean
