#!/bin/bash
# Programs are executed from rootfs: directly, by chroot, through a bind mount and through overlayfs above two images.
. helpers.bash
. rootfs.bash

mkdir -p lower/{bin,etc,tmp} upper/{bin,etc} other/etc
cp "$(command -v busybox)" lower/bin/busybox; ln lower/bin/busybox lower/bin/sha256sum; ln -s busybox lower/bin/sh
printf '#!/bin/sh\necho "script $1"\n' >upper/bin/script; cp upper/bin/script upper/bin/plain
chmod 755 lower/bin/busybox upper/bin/script; chmod 644 upper/bin/plain
echo one >lower/etc/one; echo two >upper/etc/two; : >upper/etc/.wh.one; echo three >other/etc/three
for layer in lower upper other; do tar -C $layer -cf $layer.tar .; done
gzip lower.tar
"$casfs" create "$store"; image a lower.tar.gz upper.tar; image b other.tar
"$casfs" mount "$store" "$mnt"
rootfs=$mnt/images/a/rootfs
digest=$(sha256 lower/bin/busybox)

assert_eq "$("$rootfs/bin/busybox" echo run)" run
assert_eq "$("$rootfs/bin/sha256sum" <lower/bin/busybox)" "$digest  -"
assert_fails "Permission denied" "$rootfs/bin/plain"
# A program that runs keeps its file: the mount can be unmounted after it only.
"$rootfs/bin/busybox" sleep 60 & eventually test "/proc/$!/exe" -ef "$rootfs/bin/busybox"
assert_fails busy umount "$mnt"; kill $!; wait $! || true

# in_root DIRECTORY: runs programs and scripts in it as the root.
in_root() {
  assert_eq "$(chroot "$1" /bin/sh -c 'echo $((6 * 7)); read -r line </etc/two && echo "$line"; ls /etc')" \
    "$(printf '42\ntwo\n%s' "$2")"
  assert_eq "$(chroot "$1" /bin/script x)" "script x"
  assert_eq "$(chroot "$1" /bin/sha256sum /bin/busybox)" "$digest  /bin/busybox"
}
in_root "$rootfs" two

mkdir bound changed work merged
mount -o bind "$rootfs" bound
in_root bound two
assert_fails "Read-only" touch bound/new
assert_eq "$(stat -c %i bound/etc/two)" "$(stat -c %i "$rootfs/etc/two")"
umount bound

mount -t overlay overlay -o "lowerdir=$mnt/images/b/rootfs:$rootfs,upperdir=changed,workdir=work" merged
in_root merged "$(printf 'three\ntwo')"
chroot merged /bin/sh -c 'rm /etc/two; echo more >>/etc/three; cp /bin/busybox /tmp/copy; chmod 700 /etc'
assert_eq "$(sha256 merged/tmp/copy)" "$digest"
assert_eq "$(cat changed/etc/three; stat -c %F changed/etc/two)" "$(printf 'three\nmore\ncharacter special file')"
umount merged
in_root "$rootfs" two
mount -t overlay overlay -o "lowerdir=$mnt/images/b/rootfs:$rootfs" merged
in_root merged "$(printf 'three\ntwo')"
umount merged
"$casfs" unmount "$mnt"
