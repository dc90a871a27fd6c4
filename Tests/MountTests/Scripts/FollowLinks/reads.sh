#!/bin/bash
# A store as Bazel's rules make it: its files are links to files elsewhere.
. helpers.bash

"$casfs" create real; echo hello >a; digest=$("$casfs" blob put real a); "$casfs" ref put real v1 "$digest"
mkdir -p "$store/blobs/sha256"
for file in oci-layout index.json "blobs/sha256/${digest#*:}"; do ln -s "$top/real/$file" "$store/$file"; done
for command in "ref ls" "blob ls" fsck; do
  # shellcheck disable=SC2086 # a command with its verb
  assert_fails 'cp -rL' "$casfs" $command "$store"
done
assert_fails 'cp -rL' "$casfs" mount "$store" "$mnt"
assert_eq "$("$casfs" ref ls --follow-links "$store")" v1
"$casfs" ref get --follow-links "$store" v1 | grep -q "$digest"
assert_eq "$("$casfs" blob ls --follow-links "$store")" "$digest"
"$casfs" blob get --follow-links "$store" v1 | cmp - a
"$casfs" fsck --strict --follow-links "$store"
"$casfs" create target; "$casfs" copy --follow-links "$store" v1 target; "$casfs" blob get target v1 | cmp - a
"$casfs" mount -o follow_links "$store" "$mnt"
cmp a "$mnt/blobs/sha256/${digest#*:}"; ls "$mnt/images/v1" >/dev/null
assert_fails 'Read-only file system' cp a "$mnt/incoming/b"
assert_fails 'Read-only file system' cp "$mnt/refs/v1" "$mnt/refs/v2"
assert_fails 'Read-only file system' rm "$mnt/blobs/sha256/${digest#*:}"
"$casfs" unmount "$mnt"
# The copy that the message names can be read too.
cp -rL "$store" copy; "$casfs" fsck --strict copy; "$casfs" blob get copy v1 | cmp - a
