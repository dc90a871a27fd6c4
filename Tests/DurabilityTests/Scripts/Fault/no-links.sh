#!/bin/bash
# A store on a file system without hard links, which has no RENAME_NOREPLACE and no fsync(2) of directories either.
. helpers.bash
. kill.bash
: "${link:?}" "${rename:?}" "${directory_sync:?}"

# lacking COMMAND…: runs a command, for which those system calls fail each time.
lacking() {
  strace -f -qq -o trace -e trace=linkat,renameat2 -e inject="linkat:error=$link" -e inject="renameat2:error=$rename" "$@"
}

seq 100000 >a; seq 9 >b
lacking "$casfs" create "$store"
grep -q INJECTED trace
for file in a b; do assert_eq "$(lacking "$casfs" blob put "$store" $file)" "sha256:$(sha256 $file)"; done
lacking "$casfs" ref put "$store" one "sha256:$(sha256 a)"
assert_blob_count 2; assert_fsck_clean; assert_eq "$(unexpected_paths)" ''
assert_eq "$(stat -c %a "$store/blobs/sha256/$(sha256 b)")" 444
# A stored copy is verified, and stays: the same inode, although there is no call that spares it.
inode=$(stat -c %i "$store/blobs/sha256/$(sha256 a)")
lacking "$casfs" blob put "$store" a
assert_eq "$(stat -c %i "$store/blobs/sha256/$(sha256 a)")" "$inode"
# A corrupt one is replaced.
chmod u+w "$store/blobs/sha256/$(sha256 b)"; echo rotten >"$store/blobs/sha256/$(sha256 b)"
lacking "$casfs" blob put "$store" b; assert_blob_count 2
# Many puts of one blob and of several concurrently.
rm "$store/blobs/sha256/$(sha256 a)" "$store/blobs/sha256/$(sha256 b)"
jobs=()
for file in a b a b; do
  strace -f -qq -o "trace.$((${#jobs[@]}))" -e trace=linkat,renameat2 -e inject="linkat:error=$link" \
    -e inject="renameat2:error=$rename" "$casfs" blob put "$store" $file >/dev/null &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job"; done
assert_blob_count 2; assert_fsck_clean; assert_eq "$(unexpected_paths)" ''
# A killed put leaves nothing, or a temporary file that clean removes; never half a blob.
seq 5 >c
for call in pwrite64 fsync renameat; do
  for n in 1 2 3; do
    rm -f "$store/blobs/sha256/$(sha256 c)"
    strace -f -qq -o trace -e trace="$call",linkat,renameat2 -e inject="linkat:error=$link" \
      -e inject="renameat2:error=$rename" -e inject="$call:signal=KILL:when=$n" "$casfs" blob put "$store" c \
      >/dev/null 2>&1 || true
    [ ! -e "$store/blobs/sha256/$(sha256 c)" ] || cmp c "$store/blobs/sha256/$(sha256 c)"
    "$casfs" clean "$store" >/dev/null
    assert_fsck_clean; assert_eq "$(unexpected_paths)" ''
  done
done
# A directory that cannot be synchronised is not an error; a file that cannot be is.
seq 6 >d
for directory in "$store" "$store/blobs" "$store/blobs/sha256"; do
  rm -f "$store/blobs/sha256/$(sha256 d)"
  strace -f -qq -o trace -P "$directory" -e trace=fsync -e inject="fsync:error=$directory_sync" \
    "$casfs" blob put "$store" d >/dev/null
  strace -f -qq -o trace -P "$directory" -e trace=fsync -e inject="fsync:error=$directory_sync" \
    "$casfs" ref put --force "$store" two "sha256:$(sha256 d)"
  cmp d "$store/blobs/sha256/$(sha256 d)"
done
rm -f "$store/blobs/sha256/$(sha256 d)"
assert_fails 'casfs: put blob' strace -f -qq -o trace -e trace=fsync -e inject="fsync:error=$directory_sync" \
  "$casfs" blob put "$store" d
# A file system without modes and times is not an error either.
strace -f -qq -o trace -e trace=fchmod,utimensat -e inject=fchmod:error=EPERM -e inject=utimensat:error=ENOSYS \
  "$casfs" blob put "$store" d >/dev/null
assert_fsck_clean
