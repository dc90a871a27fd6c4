#!/bin/bash
. helpers.bash

daemon=$(daemon_pid)
for i in {1..30}; do bash -c "exec 3>$mnt/incoming/f$i; (echo $i >&3) & wait"; done
# The opener ends before its child writes.
for i in {31..40}; do bash -c "exec 3>$mnt/incoming/f$i; (sleep 0.1; echo $i >&3) &"; done
sleep 0.4
for i in {1..50}; do "$casfs" unmount "$mnt" 2>/dev/null && break; sleep 0.05; done
assert_exited "$daemon"
[ ! -e "$mnt/incoming" ]
assert_blob_count 40; assert_fsck_clean
