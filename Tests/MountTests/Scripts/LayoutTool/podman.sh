#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

podman() { command podman --storage-driver vfs --root "$top/root" --runroot "$top/runroot" --tmpdir "$top/tmp" --events-backend none "$@"; }
podman pull -q "oci:$top/image:v1" >id
podman push -q "$(cat id)" "oci:$mnt:pushed"
podman tag "$(cat id)" localhost/saved:latest
podman save -q --format oci-dir -o "$mnt" localhost/saved:latest
assert_eq "$(umoci ls --layout "$mnt" | sort | tr '\n' ' ')" 'localhost/saved:latest pushed '
assert_fsck_clean
