# Helpers that cut the power of a disk, for the scene of a test: its $layout, whether it is $mounted, the command
# $before, the acknowledged command $act, and the command $survived, which looks for its result.
: "${casfs:?}" "${top:?}" "${mnt:?}" "${layout:?}" "${mounted?}" "${before?}" "${act:?}" "${survived:?}"

disk=$top/disk store=$top/disk/store; mkdir disk after
head -c 200000 /dev/urandom >new; seq 1000 >old

# tag FILE: stores the file as a blob, and a reference with its name.
tag() { "$casfs" blob put "$store" "$1"; "$casfs" ref put "$store" "$1" "sha256:$(sha256 "$1")"; }

# prepare: mounts a disk with a store. Nothing but casfs has data written to it, so what is durable was synchronised.
prepare() {
  rm -f image; truncate -s 48M image
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 image
  # Nor does ext4 write a file that replaces another, which it does for programs that do not call fsync(2).
  mount -o loop,commit=300,noauto_da_alloc image disk
  "$casfs" create --layout "$layout" "$store"
  eval "$before"
  sync -f disk; sleep 0.1
}

# cut_power COMMAND: evaluates the command with the disk and store that a power cut at this moment leaves.
cut_power() {
  local status=0
  cp --sparse=always image copy
  # The running system keeps its own disk.
  mount -o loop copy after
  (export disk=$top/after store=$top/after/store; eval "$1" && "$casfs" fsck "$store") >said 2>&1 || status=$?
  umount after; e2fsck -fn copy >checked 2>&1 || fail "the file system is damaged: $(cat checked)"
  return $status
}

# mount_without PROGRAM: lets a program stand in for casfs, as the mount's daemon or as the command.
mount_without() {
  if [ "$mounted" ]; then "$1" mount -f "$store" "$mnt" & eventually test -d "$mnt/blobs"; else casfs=$1; fi
}

# finish: unmounts the store, if it is mounted, and the disk.
finish() {
  if [ "$mounted" ]; then "$casfs" unmount "$mnt"; wait; fi
  umount disk
}
