#!/bin/bash
. helpers.bash

kill -KILL "$(daemon_pid)"
eventually bash -c '! grep -q " $mnt " /proc/self/mountinfo'
assert_eq "$(ls -A "$mnt")" ''
