#!/bin/bash
. helpers.bash

python3 -B "$scripts/not-regular.py"
$casfs mount "$store" "$mnt"
while read -r hex; do
  blob=$mnt/blobs/sha256/$hex
  for command in "cat $blob" "stat $blob" "cp $blob copy" "unlink $blob" "getfattr -d $blob"; do
    # shellcheck disable=SC2086 # a command with its arguments
    assert_fails 'Invalid argument' $command
  done
  [ -e "$store/blobs/sha256/$hex" ] || [ -L "$store/blobs/sha256/$hex" ]
done <hexes
if ls "$mnt/blobs/sha256" >listed; then :; fi
assert_eq "$(wc -l <listed)" 7
for n in 0 1 2 3 4 5; do
  assert_eq "$(ls "$mnt/images/node$n")" ""
  getfattr --only-values -n user.casfs.error "$mnt/images/node$n" | grep -q 'not a regular file\|symbolic link'
done
assert_fails 'walk the index' "$casfs" gc --grace 0 "$store"
assert_fails '6 problems' "$casfs" fsck "$store"
assert_eq "$($casfs fsck "$store" 2>/dev/null | cut -f 1 | sort | uniq -c | tr -s ' ')" ' 6 unreadable'
