#!/bin/bash
. helpers.bash

: >lock
(trap '' INT TERM; exec 9<lock; flock 9; "$casfs" mount --create "$store" "$mnt" | cat)
flock -n lock true
daemon=$(daemon_pid); kill -INT "$daemon"
eventually has_exited "$daemon"
assert_eq "$(ls -A "$mnt")" ''
