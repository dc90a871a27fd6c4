#!/bin/bash
# Kills the server at random moments under readers, writers and taggers.
: "${seed:?}" "${seconds:?}"
# shellcheck disable=SC2034 # keeper.bash uses it
time_limit=$((seconds + 60))
. helpers.bash
. keeper.bash

head -c 2000000 /dev/urandom >big; head -c 5000 /dev/urandom >small
for file in big small; do "$casfs" blob put "$store" $file >/dev/null; done
python3 "$scripts/soak.py" "$mnt" "$store" "$(sha256 big)" "$(sha256 small)" "$seed" "$seconds"
eventually "$casfs" status "$mnt"
"$casfs" unmount "$mnt"; assert_fsck_clean
