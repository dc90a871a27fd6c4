#!/bin/bash
. helpers.bash

echo right >right
cp right "$mnt/blobs/sha256/$(sha256 right)"
cmp "$mnt/blobs/sha256/$(sha256 right)" right
other=$(echo other | sha256sum | cut -c 1-64)
assert_fails "Bad message" cp right "$mnt/blobs/sha256/$other"
assert_fails "not permitted" cp right "$mnt/blobs/sha256/name"
assert_fails "not permitted" cp right "$mnt/blobs/sha256/${other^^}"
# Empty content is other content too, and is detected at a close without a write.
assert_fails "Bad message" touch "$mnt/blobs/sha256/$other"
assert_fails "Bad message" python3 -c "import os, sys; os.mknod(sys.argv[1])" "$mnt/blobs/sha256/$other"
touch "$mnt/blobs/sha256/$(sha256 /dev/null)"
rm "$mnt/blobs/sha256/$(sha256 /dev/null)"
long=$(sha512sum <right | cut -c 1-128)
cp right "$mnt/blobs/sha512/$long"
cmp "$store/blobs/sha512/$long" right
assert_fails "Bad message" cp right "$mnt/blobs/sha512/$(printf %0128d 1)"
assert_blob_count 1
