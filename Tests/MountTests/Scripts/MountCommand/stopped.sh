#!/bin/bash
# The commands for a mount whose daemon does not answer.
. helpers.bash

daemon=$(daemon_pid); suspend "$daemon"
"$casfs" status "$mnt" 2>error & asker=$!
"$casfs" unmount "$mnt" & unmounter=$!
wait $asker && fail "the status of a daemon that does not answer"
grep -q "status of $mnt: the server does not answer" error
wait $unmounter; assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
kill -CONT "$daemon"; eventually has_exited "$daemon"
