#!/bin/bash
. helpers.bash

python3 -B "$scripts/names.py"
$casfs mount "$store" "$mnt"
for tree in refs images; do
  (cd "$mnt/$tree"; find . -mindepth 1 -maxdepth 2 -print0) |
    python3 -c 'import sys; print(sorted(p[2:] for p in sys.stdin.buffer.read().decode().split("\0") if p))' >$tree
done
python3 "$scripts/names-check.py"
for name in top 'top%2Fbelow' two/parts '%25' 'a b'; do
  assert_eq "$(jq -r .size "$mnt/refs/""$name")" "$(stat -Lc %s "$mnt/images/""$name"/manifest)"
done
# Names outside the specification's grammar can be removed but not created.
assert_fails 'Invalid argument' cp "$mnt/refs/top" "$mnt/refs/a c"
assert_fails 'Invalid argument' cp "$mnt/refs/top" "$mnt/refs/two%2Fthird"
rm "$mnt/refs/a b" "$mnt/refs/-rf" "$mnt/refs/top"
# The name is nested now.
eventually test -f "$mnt/refs/top/below"
cp "$mnt/refs/two/parts" "$mnt/refs/two/third"
assert_fails 'Invalid argument' touch "$mnt/refs/$(printf '\377')" "$mnt/incoming/$(printf '\377')"
assert_fails 'File name too long' touch "$mnt/incoming/$(printf %0256d 0)"
assert_eq "$($casfs fsck "$store" 2>/dev/null | cut -f 1 | sort | uniq -c | tr -s ' ')" ' 13 bad-name'
