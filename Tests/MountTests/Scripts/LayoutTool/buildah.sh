#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

buildah() { command buildah --storage-driver vfs --root "$top/root" --runroot "$top/runroot" "$@"; }
container=$(buildah from scratch)
buildah copy -q "$container" file /file >/dev/null
buildah commit -q "$container" "oci:$mnt:committed" >/dev/null
buildah commit -q "$container" local >/dev/null
buildah push -q local "oci:$mnt:pushed"
buildah push -q local "oci:$mnt:pushed"
buildah manifest create list local >/dev/null
buildah manifest push -q --all list "oci:$mnt:list"
assert_eq "$(umoci ls --layout "$mnt" | sort | tr '\n' ' ')" 'committed list pushed '
for name in committed pushed; do
  rm -rf out; skopeo copy -q --insecure-policy "oci:$mnt:$name" dir:out
  for blob in out/*; do [ "$(file -b --mime-type "$blob")" = application/gzip ] && assert_eq "$(tar -xzOf "$blob" file)" v2; done
done
assert_fsck_clean
