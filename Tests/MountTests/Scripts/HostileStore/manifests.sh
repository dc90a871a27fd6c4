#!/bin/bash
. helpers.bash

python3 -B "$scripts/manifests.py"
$casfs mount "$store" "$mnt"
read -ra names <bad
for name in "${names[@]}"; do
  assert_eq "$(ls -A "$mnt/images/$name")" ""
  getfattr --only-values -n user.casfs.error "$mnt/images/$name" | grep -q .
done
assert_eq "$(readlink "$mnt/images/most/config")" "../../blobs/sha256/$(printf layer | sha256sum | cut -c 1-64)"
(cd "$mnt/images/platforms"; find . -mindepth 1 -maxdepth 1 -print0) >listed
python3 "$scripts/manifests-check.py"
assert_fails 'walk the index' "$casfs" gc --grace 0 "$store"
assert_eq "$($casfs fsck "$store" 2>/dev/null | cut -f 1 | grep -c bad-manifest)" 25
assert_eq "$($casfs blob ls "$store" | wc -l)" "$(ls "$store/blobs/sha256" | wc -l)"
# The daemon has survived.
assert_eq "$($casfs status --json "$mnt" | jq .commits_pending)" 0
