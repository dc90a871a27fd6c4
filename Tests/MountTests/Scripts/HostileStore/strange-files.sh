#!/bin/bash
. helpers.bash

python3 -B "$scripts/strange-files.py"
$casfs mount "$store" "$mnt"
assert_eq "$(ls -A "$mnt/blobs/sha256" | wc -l)" 2
for name in ..foo $'a\nb' $'\xff\xfe' %2e -rf; do
  if [ -e "$mnt/blobs/sha256/$name" ]; then fail "shown: $name"; fi
done
find "$store" -printf '%p %s %C@\n' | sort >before
$casfs gc --grace 0 "$store" >gone
assert_eq "$(wc -c <gone)" 0
# One line per file, without control characters. A temporary file of crane is not reported.
assert_fails '10 problems' "$casfs" fsck --strict "$store"
$casfs fsck "$store" >found
assert_eq "$(wc -l <found)" 10
assert_eq "$(tr -d '\n\t' <found | LC_ALL=C grep -c '[[:cntrl:]]' || true)" 0
assert_eq "$($casfs fsck --json "$store" 2>/dev/null | jq -r .problem | sort | uniq -c | tr -s ' ' | tr '\n' ,)" ' 9 foreign, 1 misplaced,'
find "$store" -printf '%p %s %C@\n' | sort | cmp - before
