#!/bin/bash
. helpers.bash

assert_fails "No such file" "$casfs" mount -o keeper "$store" "$mnt"
"$casfs" create "$store"
assert_fails "mount option restarts takes a number" "$casfs" mount -o keeper,restarts=x "$store" "$mnt"
assert_fails "no keeper: auto_unmount" "$casfs" mount -o keeper,auto_unmount "$store" "$mnt"
assert_fails "no keeper: the store is in the memory" "$casfs" mount -o keeper mem: "$mnt"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
