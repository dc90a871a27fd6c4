# Makes a disk with a store, whose mounts remember, in the directory `disk`.
. helpers.bash

export XDG_CACHE_HOME=$top/cache
record=$XDG_CACHE_HOME/casfs-verified
truncate -s 64M image; mkfs.ext4 -q image; mkdir disk cache; mount -o loop image disk
store=$top/disk/store; "$casfs" create "$store"

# begin, finish: mounts the store, and unmounts it.
begin() { "$casfs" mount -o verify=remember "$store" "$mnt"; }
finish() { "$casfs" unmount "$mnt"; }

# commit FILE: stores a file through a mount of its own, and sets blob, its path in the mount, and kept, in the store.
commit() {
  begin; cp "$1" "$mnt/incoming/f"; finish
  blob=$mnt/blobs/sha256/$(sha256 "$1") kept=$store/blobs/sha256/$(sha256 "$1")
}

# assert_verifications N FILE: a new mount has the file's content as the blob, and hashes it N times.
assert_verifications() {
  begin; cmp "$2" "$blob"; cmp "$2" "$blob"
  assert_eq "$(counter verifications)" "$1"; finish
}
