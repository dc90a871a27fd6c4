#!/bin/bash
. helpers.bash

"$casfs" create "$store"
"$casfs" "$store" "$mnt" -o ro,dev,suid
assert_fails 'Read-only file system' touch "$mnt/incoming/f"
