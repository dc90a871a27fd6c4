#!/bin/bash
. helpers.bash
: "${option?}"

"$casfs" create "$store"
nohup "$casfs" mount ${option:+"$option"} "$store" "$mnt" >log 2>&1 & eventually test -d "$mnt/blobs"
daemon=$(daemon_pid); kill -HUP "$daemon"; sleep 0.3
echo x >"$mnt/incoming/f"; assert_blob_count 1; assert_eq "$(daemon_pid)" "$daemon"
kill -TERM "$daemon"; eventually has_exited "$daemon"
assert_eq "$(ls -A "$mnt")" ''
