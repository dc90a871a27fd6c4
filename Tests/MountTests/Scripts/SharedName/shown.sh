#!/bin/bash
. helpers.bash
. images.bash

assert_eq "$(shown latest)" "$a"
assert_eq "$(shown $whole/alpha:latest)" "$a"
assert_eq "$(shown $whole/beta:latest)" "$b"
assert_eq "$(cd "$refs"; find . -type f | sort | paste -sd ' ')" "./$whole/alpha:latest ./$whole/beta:latest ./latest"
assert_eq "$(ls "$mnt/images" | paste -sd ' ')" "docker.io latest"
for name in latest $whole/alpha:latest; do assert_eq "$(cat "$mnt/images/$name/layers/00")" one; done
assert_eq "$(cat "$mnt/images/$whole/beta:latest/layers/00")" two

# One image alone is listed by its short name, and found by its whole name.
rm "$refs/$whole/beta:latest"
assert_fails "No such file" cat "$refs/$whole/beta:latest"
assert_eq "$(ls "$refs")" latest
assert_eq "$(ls "$refs/$whole")" alpha:latest
assert_eq "$(shown $whole/alpha:latest)" "$a"
assert_eq "$(cat "$mnt/images/$whole/alpha:latest/layers/00")" one
cp "$refs/latest" "$refs/$whole/alpha:latest"
assert_eq "$(jq '.manifests | length' "$store/index.json")" 1
