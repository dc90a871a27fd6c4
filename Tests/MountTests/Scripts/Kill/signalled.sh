#!/bin/bash
. helpers.bash
: "${signal:?}"

daemon=$(daemon_pid)
echo a >"$mnt/incoming/f"
exec 3>"$mnt/incoming/g"; echo half >&3
kill "-$signal" "$daemon"
eventually has_exited "$daemon"
exec 3>&- 2>/dev/null || true
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
assert_blob_count 1; assert_fsck_clean
assert_eq "$(find "$store" -type f | grep -vc 'blobs/sha256/[0-9a-f]*$')" 2
