#!/bin/bash
. helpers.bash
. rootfs.bash
: "${command:?}"

export XDG_CACHE_HOME=$PWD/cache
mkdir -p cache lower/etc upper/etc; seq 200000 >lower/numbers; echo lower >lower/etc/a; echo b >lower/etc/b
ln lower/numbers lower/link; ln -s numbers lower/symbolic; chmod 4755 lower/etc/b
echo upper >upper/etc/a; : >upper/etc/.wh.b
for layer in lower upper; do tar --sort=name --owner=7 --group=8 -C $layer -cf $layer.tar .; done; gzip -k lower.tar
"$casfs" create "$store"; image app:v1 lower.tar.gz upper.tar
"$casfs" mount "$store" "$mnt"
listed "$mnt/images/app:v1/rootfs" >listed; hashed "$mnt/images/app:v1/rootfs" >hashed
"$casfs" unmount "$mnt"
"$casfs" image export "$store" app:v1 >exported

skopeo copy -q --insecure-policy "oci:$store:app:v1" docker-archive:docker.tar:example.org/app:v1
tar -cf oci.tar -C "$store" .
for kind in docker oci; do
  bash -c "$command" <$kind.tar >$kind; name=app:v1
  if [ $kind = docker ]; then name=example.org/app:v1; fi
  for use in first second; do
    "$casfs" mount $kind-archive:$kind "$mnt"
    assert_eq "$(cd "$mnt/refs" && find . -type f -printf %P)" $name
    listed "$mnt/images/$name/rootfs" | cmp listed || fail "$kind, $use"
    hashed "$mnt/images/$name/rootfs" | cmp hashed || fail "$kind, $use"
    for blob in "$mnt"/blobs/sha256/*; do
      assert_eq "$(sha256 "$blob")" "${blob##*/}"
      python3 "$scripts/../read_every_way.py" "$blob" "$blob"
    done
    python3 "$scripts/../attempt_writes.py" "$blob"
    assert_fails 'Read-only' touch "$mnt/incoming/x"
    assert_fails 'Read-only' rm -f "$mnt/refs/$name"
    assert_eq "$("$casfs" status --json "$mnt" | jq -r '.driver, .read_only' | tr '\n' ' ')" "$kind-archive true "
    assert_eq "$("$casfs" status --json "$mnt" | jq .counters.failures)" 0
    "$casfs" unmount "$mnt"
  done
  "$casfs" fsck $kind-archive:$kind; "$casfs" du $kind-archive:$kind | grep -q app:v1
  "$casfs" image export $kind-archive:$kind $name | cmp exported
  "$casfs" create copy-$kind; "$casfs" copy $kind-archive:$kind $name copy-$kind
  "$casfs" image export copy-$kind $name | cmp exported
done
assert_fails 'which is docker-archive:FILE' "$casfs" ref ls oci-archive:docker
assert_fails 'which is oci-archive:FILE' "$casfs" mount docker-archive:oci "$mnt"
