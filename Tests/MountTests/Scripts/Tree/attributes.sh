#!/bin/bash
. helpers.bash

echo x >"$mnt/incoming/f"; hex=$(sha256sum <"$mnt/incoming/f" | cut -c 1-64)
for f in $mnt/incoming/f $mnt/committed/f $mnt/blobs/sha256/$hex; do
  assert_eq "$(getfattr --only-values -n user.casfs.digest "$f")" "sha256:$hex"
  assert_eq "$(getfattr --only-values -n user.casfs.size "$f")" 2
  # They are not listed, so that copies do not get them.
  assert_eq "$(getfattr -d -m - --absolute-names "$f")" ''
  assert_fails 'No such attribute' getfattr -n user.other "$f"
  assert_fails 'No such attribute' getfattr -n security.capability "$f"
  for change in "setfattr -n user.casfs.digest -v x" "setfattr -x user.casfs.digest"; do
    if $change "$f" 2>/dev/null; then fail "went through: $change $f"; fi
  done
done
# ls stops asking for these when they are not supported.
assert_fails 'not supported' getfattr -n security.selinux "$mnt/blobs/sha256/$hex"
seq 50 >n; for i in {1..50}; do sed -n "${i}p" n >"$mnt/incoming/n"; done
for i in {1..50}; do echo "$hex" >"$mnt/refs/$i"; done
for d in blobs/sha256 refs images; do
  strace -e trace=lgetxattr,getxattr ls -l "$mnt/$d" 2>trace >/dev/null; [ "$(grep -c xattr trace)" -lt 10 ]
done
assert_fails 'No such attribute' getfattr -n user.x "$mnt/refs"
# The kernel has not disabled attributes altogether.
setfattr -n user.x -v y "$mnt/incoming/f"; assert_eq "$(getfattr --only-values -n user.x "$mnt/incoming/f")" y
