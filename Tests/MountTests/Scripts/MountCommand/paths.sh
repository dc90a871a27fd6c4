#!/bin/bash
. helpers.bash

mkdir 'a b' 'm, \x'; cd 'a b'
"$casfs" mount --create './s,t\ore' '../m, \x'
echo x >'../m, \x/incoming/f'; assert_eq "$(cat s,t\\ore/blobs/sha256/*)" x
"$casfs" unmount '../m, \x'
# A comma with a combining accent.
cd ..; marked=$'s,\u0301\\\u0301,ro'
"$casfs" mount --create $marked "$mnt"
echo x >"$mnt/incoming/f"
assert_eq "$(awk -v place="$mnt" '$2 == place { print $1 }' /proc/self/mounts)" "$PWD/${marked//\\/\\134}"
