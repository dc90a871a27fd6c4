#!/bin/bash
. helpers.bash

blobs=$mnt/blobs/sha256
echo right >right; cp right "$mnt/incoming/x"
digest=$(sha256 right)
mv "$mnt/incoming/x" "$blobs/$digest"
assert_absent x
cmp "$blobs/$digest" right
assert_eq "$(stat -c %a "$blobs/$digest")" 444
# The moved blob is read-only immediately.
for i in {1..20}; do
  echo "$i" >n; cp n "$mnt/incoming/n"; mv "$mnt/incoming/n" "$blobs/$(sha256 n)"
  assert_fails "Read-only" bash -c "echo evil >>$blobs/$(sha256 n)"
  cmp "$blobs/$(sha256 n)" n
  mv -f n last; cp last "$mnt/incoming/n"; mv "$mnt/incoming/n" "$blobs/$(sha256 last)"
  assert_fails "Read-only" truncate -s 0 "$blobs/$(sha256 last)"
  cmp "$blobs/$(sha256 last)" last
done
echo other >"$mnt/incoming/y"
assert_fails "Bad message" mv "$mnt/incoming/y" "$blobs/$digest"
assert_fails "Bad message" mv "$mnt/incoming/y" "$blobs/$(printf %064d 1)"
assert_fails "not permitted" mv "$mnt/incoming/y" "$blobs/y"
echo other >other; assert_committed y other
# The digest of an open file is unknown.
exec 3>"$mnt/incoming/z"; echo right >&3
assert_fails "busy" mv "$mnt/incoming/z" "$blobs/$digest"
exec 3>&-
mv "$mnt/incoming/z" "$blobs/$digest"
assert_blob_count 22
