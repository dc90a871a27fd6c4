#!/bin/bash
. helpers.bash
: "${layout:?}"

"$casfs" create --layout "$layout" "$store"; seq 9 >a; "$casfs" blob put "$store" a; echo "sha256:$(sha256 a)" >digest
"$casfs" ref put "$store" one "sha256:$(sha256 a)"; echo b >b; "$casfs" blob put "$store" b
"$casfs" mount -f "$store" "$mnt" 2>log & eventually test -d "$mnt/blobs"
find "$store" | sort >before; faults=0
while IFS=, read -r call error message action <&5; do
  [ "$layout" = index ] || case "$call $action" in *"pwrite64 rm "* | *"pwrite64 mv "* | *'renameat rm '*) continue ;; esac
  sleep 0.6; : >log
  attach_strace -e trace="$call" -e inject="$call:error=$error:when=1+"
  # shellcheck disable=SC2086 # a command with its arguments
  assert_fails "$message" $action
  detach_strace
  grep -q INJECTED trace || fail "no $call in $action"
  assert_eq "$action $error $(grep -c "$message" log)" "$action $error 1"
  sleep 0.6; assert_eq "$("$casfs" ref ls "$store") $(ls "$mnt/refs")" 'one one'; find "$store" | sort | cmp before
  faults=$((faults + 1))
done 5<<E
pwrite64,ENOSPC,No space left on device,cp digest $mnt/refs/two
pwrite64,EDQUOT,Disk quota exceeded,mv $mnt/refs/one $mnt/refs/two
pwrite64,ENOSPC,No space left on device,rm $mnt/refs/one
renameat,EIO,Input/output error,cp digest $mnt/refs/two
renameat,EIO,Input/output error,rm $mnt/refs/one
flock,EIO,Input/output error,cp digest $mnt/refs/two
flock,EIO,Input/output error,mv $mnt/refs/one $mnt/refs/two
flock,EIO,Input/output error,rm $mnt/refs/one
unlinkat,EIO,Input/output error,rm $mnt/blobs/sha256/$(sha256 b)
E
[ $faults -ge 6 ]
cp digest "$mnt/refs/two"; mv "$mnt/refs/two" "$mnt/refs/three"; rm "$mnt/refs/one" "$mnt/blobs/sha256/$(sha256 b)"
assert_eq "$("$casfs" ref ls "$store")" three; assert_blob_count 1; "$casfs" unmount "$mnt"; wait; assert_fsck_clean
