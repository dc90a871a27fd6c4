#!/bin/bash
. helpers.bash

umoci init --layout "$store" 2>/dev/null; umoci new --image "$store:latest" 2>/dev/null
umoci unpack --image "$store:latest" bundle 2>/dev/null
mkdir -p bundle/rootfs/bin bundle/rootfs/etc; cp /bin/ls /bin/cat /bin/bash bundle/rootfs/bin
echo hello >bundle/rootfs/etc/motd; head -c 3000000 /dev/urandom >bundle/rootfs/etc/random
umoci repack --image "$store:latest" bundle 2>/dev/null
umoci tag --image "$store:latest" v1 2>/dev/null
"$casfs" mount "$store" "$mnt"
for f in "$store"/blobs/sha256/*; do
  cmp "$f" "$mnt/blobs/sha256/${f##*/}"; assert_eq "$(sha256 "$mnt/blobs/sha256/${f##*/}")" "${f##*/}"
done
assert_eq "$(ls "$mnt/blobs/sha256")" "$(ls "$store/blobs/sha256")"
manifest=$(jq -r .digest "$mnt/refs/latest" | cut -d : -f 2)
layer=$(jq -r '.layers[-1].digest' "$mnt/blobs/sha256/$manifest" | cut -d : -f 2)
tar -tzf "$mnt/blobs/sha256/$layer" | grep -q 'etc/motd'
assert_eq "$(tar -xzOf "$mnt/blobs/sha256/$layer" etc/motd)" hello
assert_eq "$(umoci ls --layout "$mnt" | sort | tr '\n' ' ')" 'latest v1 '
skopeo inspect "oci:$mnt:latest" | jq -e --arg l "sha256:$layer" '.Layers | index($l)' >/dev/null
skopeo inspect --raw "oci:$mnt:latest" | cmp - "$mnt/blobs/sha256/$manifest"
# Copies out of the mount, and into it.
skopeo copy -q --insecure-policy "oci:$mnt:latest" oci:copy:latest
for f in copy/blobs/sha256/*; do cmp "$f" "$mnt/blobs/sha256/${f##*/}"; done
before=$(ls "$store/blobs/sha256" | wc -l)
rm -rf bundle; umoci unpack --image "$mnt:v1" bundle 2>/dev/null
assert_eq "$(cat bundle/rootfs/etc/motd)" hello
cp copy/blobs/sha256/* "$mnt/incoming/"; assert_blob_count "$before"
