#!/bin/bash
. helpers.bash

mkdir -p "$mnt/incoming/a/b/c"; echo x >"$mnt/incoming/a/b/c/f"; echo x >want
assert_committed a/b/c/f want
assert_fails 'Directory not empty' rmdir "$mnt/incoming/a/b/c"
mv "$mnt/incoming/a/b" "$mnt/incoming/z"
assert_committed z/c/f want; assert_absent a/b/c/f
rmdir "$mnt/incoming/a"
assert_fails 'Invalid argument' python3 -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])'   "$mnt/incoming/z" "$mnt/incoming/z/c/z"
rm -r "$mnt/incoming/z"; assert_eq "$(ls -A "$mnt/incoming")$(ls -A "$mnt/committed")" ""
exec 3>"$mnt/incoming/f"; echo y >&3; sync "$mnt/incoming/f"; assert_blob_count 1
exec 3>&-; assert_blob_count 2
