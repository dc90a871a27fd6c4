#!/bin/bash
. helpers.bash

echo a >a; cp a "$mnt/incoming/f"
cd "$mnt/incoming"
chmod 604 f; touch -d '2001-02-03 04:05:06 UTC' f; chown "$(id -u)" f
setfattr -n user.note -v text f
assert_eq "$(stat -c '%a %Y' f)" '604 981173106'
assert_eq "$(getfattr --only-values -n user.note f)" text
setfattr -x user.note f
assert_fails 'No such attribute' getfattr -n user.note f
cd "$top"
assert_committed f a
mkdir "$mnt/incoming/d"; mv "$mnt/incoming/f" "$mnt/incoming/d/g"
assert_absent f; assert_committed d/g a
assert_eq "$(stat -c '%a %Y' "$mnt/incoming/d/g")" '604 981173106'
for change in "touch $mnt/committed/x" "mkdir $mnt/committed/x" "ln -s a $mnt/committed/x"; do
  if $change 2>/dev/null; then fail "went through: $change"; fi
done
rm "$mnt/incoming/d/g"
assert_absent d/g
assert_blob_count 1
