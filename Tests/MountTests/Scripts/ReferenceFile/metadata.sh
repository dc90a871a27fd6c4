#!/bin/bash
. helpers.bash
. layouts.bash

echo "$a" >value; touch -d 2001-02-03 value; chmod 600 value
cp -a value "$refs/copied"; install -m 640 value "$refs/installed"; rsync --inplace -a value "$refs/synced"
mkdir "$refs/d"; cp -p value "$refs/d/e"; touch -d 2001-02-03 "$refs/d"; chmod 700 "$refs/d"; chown "$(id -u)" "$refs/d"
mv value "$refs/moved" 2>said; assert_eq "$(cat said)" ''
for name in copied installed synced moved d/e; do assert_eq "$(tagged $name)" "$a"; done
assert_eq "$(stat -c %a "$refs/moved" "$refs/d" | tr '\n' ' ')" '644 755 '
assert_fails "not supported" setfattr -n user.x -v y "$refs/moved"
assert_fails "not supported" setfattr -n user.x -v y "$refs/d"
assert_fails "not supported" setfacl -m u:1:r "$refs/moved"
