#!/bin/bash
. helpers.bash
. layouts.bash

echo "$a" >"$refs/taken"
before=$(cat "$mnt/index.json")
long=$(printf %0300d 0)
for value in garbage "sha256:abc" "${a^^}" '{}' '{"digest":1}' '[]' \
    "{\"mediaType\":\"x\",\"digest\":\"$a\",\"size\":3}" "{\"mediaType\":\"x\",\"digest\":\"$a\",\"size\":-1}"; do
  assert_fails "Invalid argument" bash -c 'echo "$1" >$2' - "$value" "$refs/new"
  assert_fails "Invalid argument" bash -c 'echo "$1" >$2' - "$value" "$refs/taken"
done
assert_fails "No such file" bash -c "echo $none >$refs/new"
assert_fails "No such file" bash -c "echo '{\"mediaType\":\"x\",\"digest\":\"$none\",\"size\":4}' >$refs/new"
assert_fails "File exists" bash -c "echo $b >$refs/taken"
echo "$b" >value
assert_fails "File exists" cp value "$refs/taken"
# An incomplete value is detected at close(2), whose error shells ignore.
printf '{"mediaType":' >half
assert_fails "Invalid argument" cp half "$refs/new"
assert_fails "Invalid argument" cp half "$refs/taken"
assert_fails "Invalid argument" touch "$refs/new"
{ printf '{"mediaType":"'; head -c 1100000 /dev/zero | tr '\0' x; } >long
assert_fails "File too large" cp long "$refs/new"
for name in a::b -a a: .a "a b" $'a\tb' a%00 %2e%2e; do
  assert_fails "Invalid argument" cp "$refs/taken" "$refs/$name"
done
assert_fails "File name too long" cp "$refs/taken" "$refs/$long"
assert_eq "$(cat "$mnt/index.json")" "$before"
assert_eq "$(ls "$refs")" taken
assert_eq "$(tagged taken)" "$a"
