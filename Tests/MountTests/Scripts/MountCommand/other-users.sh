#!/bin/bash
. helpers.bash

chmod 755 .; echo x >"$mnt/incoming/f"
other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
assert_eq "$(other cat "$mnt/committed/f")" x
assert_fails 'Permission denied' other touch "$mnt/incoming/g"
mkdir "$mnt/incoming/open"; chmod 777 "$mnt/incoming/open"
other bash -c "echo y >$mnt/incoming/open/g"; echo y >want
assert_committed open/g want
assert_eq "$(stat -c %u "$mnt/incoming/open/g")" 65534
assert_fails 'Operation not permitted' other chmod 777 "$mnt/incoming/f"
"$casfs" unmount "$mnt"; "$casfs" mount "$store" "$mnt"
assert_fails 'Permission denied' other ls "$mnt/blobs"
