#!/bin/bash
. helpers.bash

mkdir small; mount -t tmpfs -o size=3m none small
"$casfs" create small/store; mkdir m; "$casfs" mount small/store m
assert_eq "$(stat -f -c '%b %S' m)" "$(stat -f -c '%b %S' small)"
assert_eq "$(stat -f -c '%b %S' "$mnt")" "$(stat -f -c '%b %S' "$store")"
echo x >"$mnt/incoming/f"
for d in $mnt $mnt/incoming $mnt/committed $mnt/blobs $mnt/blobs/sha256 $mnt/refs $mnt/images; do
  assert_fails 'Operation not permitted' ln -s x "$d/l"
  assert_fails 'Operation not permitted' ln "$mnt/incoming/f" "$d/l"
  assert_fails 'Operation not permitted' mknod "$d/l" c 1 3
  assert_fails 'Operation not permitted' mkfifo "$d/l"
done
