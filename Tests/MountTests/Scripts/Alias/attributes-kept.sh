#!/bin/bash
. helpers.bash

echo x >f; setfattr -n user.note -v text f
rsync -aX f "$mnt/incoming/"; rsync -aX f "$mnt/incoming/"; cp --preserve=all,xattr f "$mnt/incoming/g"
cp --preserve=xattr "$mnt/incoming/f" "$mnt/blobs/sha256/"* .
tar --xattrs -cf t -C "$mnt/incoming" f; rm "$mnt/incoming/f"; tar --xattrs -xf t -C "$mnt/incoming"
assert_eq "$(getfattr --only-values -n user.note f)$(getfattr --only-values -n user.note "$mnt/incoming/f")" texttext
mv "$(sha256 f)" "$mnt/incoming/h" 2>said; assert_eq "$(cat said)" ''
for name in f g h; do assert_committed $name f; done
