#!/bin/bash
. helpers.bash
. layouts.bash

# A listing tells the kernel the attributes of every name, which it uses for a while without a lookup.
echo "$a" >"$refs/a"; echo "$b" >"$refs/b"
for round in {1..20}; do
  ls -l "$refs" >/dev/null
  mv "$refs/a" "$refs/moved"
  assert_eq "$(tagged moved)" "$a"; assert_eq "$(jq -r .digest "$refs/moved")" "$a"
  assert_eq "$(stat -c %i "$refs/moved")" "$(ls -i "$refs" | awk '$2 == "moved" {print $1}')"
  cp "$refs/b" "$refs/a"
  assert_eq "$(jq -r .digest "$refs/a" "$refs/moved" | tr '\n' ' ')" "$b $a "
  ls -l "$refs" >/dev/null
  rm "$refs/a"
  mv "$refs/moved" "$refs/a"
  assert_eq "$(ls "$refs" | tr '\n' ' ')" "a b "; assert_eq "$(jq -r .digest "$refs/a")" "$a"
done
assert_eq "$round" 20
