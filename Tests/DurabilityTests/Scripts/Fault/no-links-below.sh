#!/bin/bash
# A store on a FUSE file system that, like exFAT, has neither unnamed files, hard links nor RENAME_NOREPLACE.
. helpers.bash

mkdir real below; bindfs -f --no-allow-other real below & below=$!; eventually grep -q "$top/below" /proc/self/mountinfo
# A mount namespace of another process can have a copy of the mount, which keeps bindfs running.
trap 'umount "$top/below"; kill $below || true; wait $below || true' EXIT
store=$top/below/store
lacking() {
  strace -f -qq -o trace -e trace=linkat,renameat2 -e inject=linkat:error=EPERM -e inject=renameat2:error=EINVAL "$@"
}
seq 100000 >a; seq 9 >b
lacking "$casfs" create "$store"
lacking "$casfs" blob put "$store" a b a >/dev/null
grep -q 'linkat.*INJECTED' trace
lacking "$casfs" ref put "$store" one "sha256:$(sha256 a)"
chmod u+w "$store/blobs/sha256/$(sha256 b)"; echo rotten >"$store/blobs/sha256/$(sha256 b)"
lacking "$casfs" blob put "$store" b >/dev/null
assert_blob_count 2; assert_fsck_clean
assert_eq "$(find "$store" -name '.casfs*')" ''
# Through a mount of it.
lacking "$casfs" mount -f "$store" "$mnt" & eventually mountpoint -q "$mnt"
seq 7 >"$mnt/incoming/c"; seq 7 >c; assert_committed c c
"$casfs" unmount "$mnt"; wait $!
assert_blob_count 3; assert_fsck_clean
