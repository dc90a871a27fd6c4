#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

podman() { command podman --storage-driver vfs --root "$top/root" --runroot "$top/runroot" --tmpdir "$top/tmp" --events-backend none --cgroup-manager cgroupfs "$@"; }
# contain OPTION… PROGRAM: runs a program in a container that has the files of busybox alone.
contain() {
  podman run --rm --runtime runc --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
    "${@:1:$#-1}" tools /bin/sh -ec "${*: -1}"
}
mkdir -p files/bin
cp "$(command -v busybox)" files/bin/busybox
for name in sh cat cut sed sha256sum; do ln -s busybox "files/bin/$name"; done
tar -C files -c . | podman import -q - tools >/dev/null
# A machine that is a container itself may refuse to run another.
contain true || { echo 'podman runs no container here'; exit; }

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"
skopeo copy -q --insecure-policy oci:image:v2 "oci:$mnt:c"
digest=$(contain -v "$mnt:/x" '
  sed "s/:\"a\"/:\"b\"/" /x/index.json >/new; cat /new >/x/index.json
  echo text >/text
  digest=$(sha256sum /text | cut -d" " -f1)
  cat /text >"/x/blobs/sha256/$digest"
  echo "$digest"')
assert_eq "$(umoci ls --layout "$mnt" | sort | tr '\n' ' ')" 'b c '
assert_eq "$(cat "$store/blobs/sha256/$digest")" text
# Shells ignore the error of a close.
contain -v "$mnt:/x" 'echo "{" >/x/index.json' || true
assert_eq "$(umoci ls --layout "$store" | sort | tr '\n' ' ')" 'b c '
assert_fsck_clean
