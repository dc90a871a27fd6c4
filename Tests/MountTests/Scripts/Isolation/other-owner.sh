#!/bin/bash
. helpers.bash

theirs() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
chmod 755 .; cp "$casfs" tool; mkdir their; chown 65534:65534 their; chmod 700 their; store=$top/their/store
seq 1000 >a; seq 2000 >b
theirs ./tool create "$store"; theirs ./tool blob put "$store" a; theirs ./tool ref put "$store" a "sha256:$(sha256 a)"
chmod 600 "$store/index.json"; chmod 400 "$store/blobs/sha256/$(sha256 a)"
"$casfs" mount -o allow_other "$store" "$mnt"
cmp a "$mnt/blobs/sha256/$(sha256 a)"; cp b "$mnt/incoming/b"; cp "$mnt/refs/a" "$mnt/refs/b"
assert_eq "$(stat -c '%u %g %a' "$store/index.json")" '65534 65534 600'
touch -d '2 days ago' "$store/blobs/sha256/$(sha256 a)"; cp a "$mnt/incoming/a"
assert_eq "$(find "$store/blobs/sha256/$(sha256 a)" -mmin +1)" ''
rm "$mnt/refs/a" "$mnt/refs/b" "$mnt/blobs/sha256/$(sha256 a)"
# The daemon can inspect the descriptors and the end of any caller, with more rights or with fewer.
mkdir -m 777 "$mnt/incoming/open"; printf '1\n2\n' >want; printf '1\n' >half
for user in 0 65534; do
  caller() { setpriv --reuid=$user --regid=$user --clear-groups bash -c "$@"; }
  caller "exec 3>$mnt/incoming/open/$user; echo 1 >&3; exec 4>&3 4>&-; echo 2 >&3; exec 3>&-"
  assert_committed open/$user want; [ ! -e "$store/blobs/sha256/$(sha256 half)" ]
  caller "exec 3>$mnt/incoming/open/k; echo half >&3; kill -KILL \$\$" 2>/dev/null || true
  eventually test ! -e "$mnt/incoming/open/k"; assert_absent open/k
done
"$casfs" unmount "$mnt"; assert_blob_count 2; theirs ./tool fsck "$store"
