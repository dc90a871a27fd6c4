#!/bin/bash
. helpers.bash
. images.bash

restore() {
  cp index.json "$store/index.json"
  eventually test -e "$refs/$whole/beta:latest"
}

mv "$refs/latest" "$refs/alpha"
assert_eq "$(shown alpha)" "$a"; assert_eq "$(shown latest)" "$b"
assert_eq "$(grep -c beta:latest "$store/index.json")" 1
assert_eq "$(shown $whole/alpha:latest)" "$a"; assert_eq "$(shown $whole/beta:latest)" "$b"
"$casfs" gc --grace 0 "$store"
assert_eq "$(cat "$mnt/images/latest/layers/00")" two
assert_fails "busy" rm "$mnt/blobs/sha256/${b#sha256:}"
restore
# The name stands for the next image then; each stays under its whole name.
rm "$refs/latest"; assert_eq "$(shown latest)" "$b"; assert_eq "$(shown $whole/alpha:latest)" "$a"
rm "$refs/latest"; assert_fails "No such file" cat "$refs/latest"
assert_eq "$(shown $whole/alpha:latest)" "$a"; assert_eq "$(shown $whole/beta:latest)" "$b"
restore
rm "$refs/$whole/alpha:latest"; assert_eq "$(shown latest)" "$a"; assert_eq "$(shown $whole/beta:latest)" "$b"
restore
mv "$refs/$whole/beta:latest" "$refs/beta"
assert_eq "$(shown beta)" "$b"; assert_eq "$(shown latest)" "$a"
assert_fails "No such file" cat "$refs/$whole/beta:latest"
mv "$refs/beta" "$refs/latest"
assert_eq "$(shown latest)" "$b"; assert_eq "$(ls "$refs")" latest
# Two files of one image: a rename of one to the other removes one.
restore
mv "$refs/$whole/alpha:latest" "$refs/latest"
assert_eq "$(shown latest)" "$a"; assert_eq "$(find "$refs" -type f | wc -l)" 2
assert_fsck_clean
