#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

# A layout with two tags, which is copied into the mount in every way.
cp -r plain source
for name in a b; do skopeo copy -q --insecure-policy oci:image:v1 "oci:source:$name"; done
blob=$(cd source && find blobs -type f | head -n 1)

# copied COMMAND…: a copy into @ succeeds, on the mount and on a disk, and all of it is there.
copied() {
  both "$@"
  assert_eq "$(names "$mnt")" "$(names source)"
  assert_fsck_clean
  umoci rm --image "$mnt:a"; umoci rm --image plain:a
}

copied cp -a source/. @/
copied bash -c 'cp -rp source/* @/'
copied rsync -a --inplace --checksum source/ @/
copied bash -c 'tar -c -C source . | tar -x --overwrite -C @'
copied python3 -c 'import shutil; shutil.copytree("source", "@", dirs_exist_ok=True)'
for file in index.json oci-layout "$blob"; do
  both cp -p "source/$file" "@/$file"
  both cp -a "source/$file" "@/$file"
done
for path in . blobs blobs/sha256 index.json oci-layout; do
  both chmod u+rw "@/$path"
  both touch "@/$path"
  assert_eq "$(stat -c %a "$mnt/index.json")" 644
  assert_fails 'not supported' setfacl -m u:12345:r "$mnt/$path"
  assert_fails 'not supported' setfattr -n user.note -v text "$mnt/$path"
done
"$casfs" unmount "$mnt"; "$casfs" mount -o ro "$store" "$mnt"
assert_fails 'ead-only file system' touch "$mnt/blobs"
assert_fails 'ead-only file system' chmod 700 "$mnt"
