#!/bin/bash
. helpers.bash
: "${mode:?}"

umoci init --layout "$store" 2>/dev/null; umoci new --image "$store:latest" 2>/dev/null
rootless=--rootless; if [ $UID = 0 ]; then rootless=; fi
umoci unpack $rootless --image "$store:latest" bundle 2>/dev/null
mkdir -p bundle/rootfs/etc; echo hello >bundle/rootfs/etc/motd
head -c 3000000 /dev/urandom >bundle/rootfs/etc/random
umoci repack --image "$store:latest" bundle 2>/dev/null
skopeo copy -q --insecure-policy "oci:$store:latest" oci-archive:skopeo.tar:latest
tar -cf umoci.tar -C "$store" .
for f in skopeo umoci; do
  tar -xf $f.tar --one-top-level
  "$casfs" mount -o "$mode" oci-archive:$f.tar "$mnt"
  assert_eq "$(cd $f/blobs/sha256; ls)" "$(ls "$mnt/blobs/sha256")"
  for blob in "$f"/blobs/sha256/*; do
    python3 "$scripts/../read_every_way.py" "$mnt/blobs/sha256/${blob##*/}" "$blob"
    assert_eq "$(stat -c '%s %a' "$mnt/blobs/sha256/${blob##*/}")" "$(stat -c %s "$blob") 444"
  done
  python3 "$scripts/../attempt_writes.py" "$mnt/blobs/sha256/${blob##*/}"
  assert_eq "$(tar -xzOf "$mnt/images/latest/layers/00" etc/motd)" hello
  tar tzf "$mnt/images/latest/layers/00" | grep -q etc/random
  assert_eq "$(jq -r .digest "$mnt/refs/latest")" "sha256:$(sha256 "$mnt/images/latest/manifest")"
  skopeo inspect "oci:$mnt:latest" | jq -e '.Layers | length == 1' >/dev/null
  assert_eq "$(umoci ls --layout "$mnt")" latest
  assert_fails 'Read-only' touch "$mnt/incoming/x"
  assert_fails 'Read-only' rm -f "$mnt/refs/latest"
  assert_fails 'Read-only' cp "$mnt/refs/latest" "$mnt/refs/other"
  assert_fails 'Read-only' rm -f "$mnt/blobs/sha256/${blob##*/}"
  assert_eq "$("$casfs" status --json "$mnt" | jq -r '.driver, .read_only' | tr '\n' ' ')" 'oci-archive true '
  assert_eq "$("$casfs" status --json "$mnt" | jq .counters.failures)" 0
  "$casfs" fsck oci-archive:$f.tar
  "$casfs" unmount "$mnt"
done
