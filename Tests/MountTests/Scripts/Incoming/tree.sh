#!/bin/bash
. helpers.bash
: "${program:?}"

mkdir -p tree/a/b 'tree/with space'
head -c 200000 /dev/urandom >tree/a/big; echo x >tree/a/b/x; echo y >'tree/with space/y'; : >tree/empty
echo x >tree/same; chmod 640 tree/a/big; touch -d '2001-02-03 UTC' tree/a/big tree/a
case $program in
  cp) cp -rp tree/. "$mnt/incoming/t" ;;
  rsync) rsync -a tree/ "$mnt/incoming/t" ;;
  tar) mkdir "$mnt/incoming/t"; tar -c -C tree . | tar -x -C "$mnt/incoming/t" ;;
esac
diff -r tree "$mnt/incoming/t"
(cd tree; find . -type f) | while read -r f; do assert_committed "t/$f" "tree/$f"; done
assert_eq "$(stat -c '%a %Y' "$mnt/incoming/t/a/big")" "$(stat -c '%a %Y' tree/a/big)"
assert_eq "$(stat -c %Y "$mnt/incoming/t/a")" "$(stat -c %Y tree/a)"
assert_blob_count 4
[ "$program" != rsync ] || { rsync -ai tree/ "$mnt/incoming/t" >changes; assert_eq "$(cat changes)" ''; }
