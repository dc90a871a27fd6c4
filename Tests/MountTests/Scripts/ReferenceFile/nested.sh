#!/bin/bash
. helpers.bash
. layouts.bash

assert_fails "No such file" cp /dev/null "$refs/x/y"
mkdir -p "$refs/docker.io/library" "$refs/empty"
echo "$a" >"$refs/docker.io/library/alpine:3.20"
assert_eq "$(tagged docker.io/library/alpine:3.20)" "$a"
assert_fails "Directory not empty" rmdir "$refs/docker.io/library"
assert_fails "Is a directory" rm "$refs/docker.io"
rmdir "$refs/empty"
assert_fails "File exists" mkdir "$refs/docker.io"
assert_fails "Invalid argument" mkdir "$refs/..x"
# A name below an existing reference is shown flat.
$casfs ref put "$store" docker.io/library/alpine:3.20/deep "$b"
eventually test -e "$refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep"
assert_eq "$(jq -r .digest "$refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep")" "$b"
rm "$refs/docker.io%2Flibrary%2Falpine:3.20%2Fdeep"
assert_fails "not found" "$casfs" ref get "$store" docker.io/library/alpine:3.20/deep
rm "$refs/docker.io/library/alpine:3.20"
