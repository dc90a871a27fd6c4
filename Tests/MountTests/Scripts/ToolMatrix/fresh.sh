#!/bin/bash
# Mounts a copy of the store in template, fills the other directories, and copies the mount to disk.

set -e
: "${casfs:?}"
if [ -e store ]; then "$casfs" unmount mnt; rm -rf store disk; fi
cp -a template store; "$casfs" mount store mnt
cp -p old text mnt/incoming; cp -rp tree mnt/incoming/folder; mkdir mnt/incoming/empty mnt/refs/empty
cp -r --preserve=mode,ownership,timestamps,links,xattr mnt/. disk
# Copies do not have this attribute.
find disk/blobs disk/incoming -type f -printf '%s %p\n' | while read -r size file; do
  setfattr -n user.casfs.size -v "$size" "$file"
done
