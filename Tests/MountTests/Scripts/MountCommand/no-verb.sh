#!/bin/bash
. helpers.bash

"$casfs" create "$store"
"$casfs" "$store" "$mnt" -o ro,dev,suid
assert_fails 'Read-only file system' touch "$mnt/incoming/f"
"$casfs" unmount "$mnt"
# Without options too, unless the first word is a command.
"$casfs" "$store" "$mnt"; touch "$mnt/incoming/f"; "$casfs" unmount "$mnt"
mkdir status; assert_fails "no store is mounted" "$casfs" status "$mnt"
