#!/bin/bash
# Compares rootfs with the kernel's view of an image that buildah makes: in a container of its own, layer by layer, with
# files of every kind, and unpacked from the same layout into a storage of its own. $depth is the number of layers.
. helpers.bash
. rootfs.bash

: "${depth:?}"
# build STORAGE COMMAND…: runs buildah on a storage of its own, whose layers are directories of overlayfs.
build() { buildah --storage-driver overlay --root "$top/$1" --runroot "$top/$1.run" "${@:2}"; }

name=$(printf 'n%.0s' {1..255})
first() {
  mkdir -p bin etc/opt gone/deep opaque/deep swapped/deep var/empty "$name/$name/$name"
  cp "$(command -v busybox)" bin/busybox; ln bin/busybox bin/sh; ln bin/busybox bin/ls; ln -s busybox bin/cat
  seq 50000 >etc/long; echo one >etc/one; ln etc/one opaque/linked; : >etc/empty; echo x >gone/deep/file
  echo a >opaque/deep/a; echo b >opaque/b; echo c >swapped/deep/c; echo d >other; ln -s swapped link
  ln -s /etc/none dangling; ln -s $'\xff\n' etc/bytes; echo name >$'etc/\xfe\nname'; echo deep >"$name/$name/$name/$name"
  mkdir part; echo part >part/a; ln part/a part/b; ln part/a part/c
  mkfifo pipe; mknod disk b 7 300; mknod terminal c 4095 1048575
  truncate -s 2M var/sparse; echo data >>var/sparse; truncate -s 3M var/sparse
  cp bin/busybox bin/su; chown 1:2 bin/su; chmod 6755 bin/su; chmod 1777 var; chmod 0 etc/empty; chmod 700 gone
  chown 4000000000:12345 etc/one; chown -h 7:8 link
  cp bin/busybox bin/ping; setcap cap_net_raw+ep bin/ping
  setfattr -n user.kept -v value etc/one var
  touch -d '2020-02-02 02:02:02.123456789' etc/one; touch -h -d '2101-01-01 00:00:00.5' link; touch -d @0 etc/empty
}
second() {
  rm -r gone; rm etc/empty part/b disk; rm -r opaque; mkdir opaque; echo new >opaque/new
  rm -r swapped; echo file >swapped; rm other; mkdir -p other/deep; echo e >other/deep/e
  rm link; mkdir link; echo f >link/f; rm -r var/empty; ln -s ../etc var/empty; rm dangling; mkfifo dangling
  chmod 600 etc/long; touch -d '2021-01-01 00:00:00.000000001' etc/opt; setfattr -x user.kept var
  setfattr -n user.more -v more var; chown 3:4 bin; mknod $'device\n' c 1 3
}
third() {
  rm swapped; mkdir -p swapped/again; rm -r other; echo file >other; rm -r link; ln -s other link
  mkdir gone; echo back >gone/back; : >etc/empty; ln etc/long part/long; mknod disk c 7 1
  rm -r opaque; mkdir opaque; mkdir opaque/deep; rm var/empty; mkdir var/empty; setcap cap_chown+ep bin/ping
}
fourth() {
  echo more >>etc/long; rm -rf "${PWD:?}"/gone/*; mv etc/one etc/moved; mv swapped/again opaque/again; mv swapped/ var/
  rm $'etc/\xfe\nname'; setfattr -n user.casual -v x other
}
# A change of each kind, which the layers that follow undo in part.
nth() {
  mkdir -p "many/$1" "many/shared"; seq "$1" >"many/$1/file"; seq "$1" >"many/shared/$1"; ln "many/$1/file" "many/$1/link"
  chmod "$((700 + $1 % 8))" many/shared; rm -rf "many/shared/$(($1 - 3))" "many/$(($1 - 2))"
  if [ $(($1 % 2)) = 0 ]; then rm -rf many/both; mkdir many/both; else rm -rf many/both; : >many/both; fi
  if [ $(($1 % 5)) = 0 ]; then rm -rf many/opaque; mkdir many/opaque; fi
  mkdir -p many/opaque; : >"many/opaque/$1"
}

from=scratch
for ((number = 1; number <= depth; number++)); do
  container=$(build made from "$from")
  place=$(build made mount "$container")
  (
    cd "$place"
    case $number in 1) first ;; 2) second ;; 3) third ;; 4) fourth ;; *) nth "$number" ;; esac
  )
  build made commit -q --rm "$container" "made-$number" >/dev/null
  from=made-$number
done
build made push -q "$from" "oci:$store:gzip"
build made push -q --compression-format zstd "$from" "oci:$store:zstd"

container=$(build shown from "oci:$store:gzip")
kernel=$(build shown mount "$container")
"$casfs" mount "$store" "$mnt"
# view DIRECTORY FOLDER: writes what can be seen of the tree into files of the folder.
view() {
  mkdir "$2"
  # overlayfs counts names of a link that an upper layer removed or replaced, so of part only casfs has the right number.
  listed "$1" | sed -Ez 's/ [0-9]+  (part\/)/ \1/' >"$2/listed"
  hashed "$1" >"$2/hashed"; attributes_of "$1" >"$2/attributes"
  devices_of "$1" >"$2/devices"; names_of_links "$1" >"$2/links"
}
view "$kernel" kernel
grep -q '^security.capability=' kernel/attributes; grep -q '^user.kept=' kernel/attributes
assert_eq "$(tr '\0' '\n' <kernel/devices | grep -c ,)" 3; grep -q '/ls .*/sh' kernel/links
for compression in gzip zstd; do
  rootfs=$mnt/images/$compression/rootfs
  assert_eq "$(find "$mnt/images/$compression/layers" -type l | wc -l)" "$depth"
  jq -r '.layers[].mediaType' "$mnt/images/$compression/manifest" | sort -u | grep -q "$compression"
  view "$rootfs" "$compression"
  diff -ra kernel "$compression" || fail "$compression differs from overlayfs"
done
