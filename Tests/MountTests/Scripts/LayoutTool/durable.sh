#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:a"
umoci new --image "$mnt:b" 2>/dev/null
pid=$("$casfs" status "$mnt" | sed -n 's/^process	//p')
# A writer that is half way when the daemon dies.
exec 5>"$mnt/index.json"; printf '{"manifests":[' >&5
exec 6>"$mnt/oci-put-blob1"; echo half >&6
kill -9 "$pid"
exec 5>&- 6>&- || true
umount -l "$mnt"
assert_fsck_clean
assert_eq "$("$casfs" ref ls "$store" | sort | tr '\n' ' ')" 'a b '
assert_eq "$(ls -A "$store" | tr '\n' ' ')" 'blobs index.json oci-layout '
"$casfs" mount "$store" "$mnt"
skopeo inspect --raw "oci:$mnt:a" >/dev/null
