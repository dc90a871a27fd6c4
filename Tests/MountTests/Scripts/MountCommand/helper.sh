#!/bin/bash
. helpers.bash

# The names under which mount(8) calls a helper.
ln -s "$casfs" mount.casfs; ln -s "$casfs" mount.fuse.casfs
"$casfs" create "$store"; echo x | "$casfs" blob put "$store"
# refused STATUS TEXT COMMAND…: the helper fails with one line.
refused() {
  local status=$1 text=$2 got=0; shift 2
  "$@" 2>err || got=$?
  assert_eq $got "$status"; assert_eq "$(wc -l <err)" 1; grep -qF -- "$text" err || fail "said: $(cat err)"
}
for arguments in "" "-n -v" "-nv -o ro,noauto" "-w -t fuse.casfs" "-o rw -s -o frobnicate" "-oro"; do
  read -ra words <<<"$arguments"
  ./mount.casfs "$store" "$mnt" "${words[@]}"
  ls "$mnt/blobs/sha256" | grep -q . || fail "not mounted: $arguments"
  "$casfs" unmount "$mnt"
done
./mount.fuse.casfs "$store" "$mnt" -f -o ro; assert_fails 'no store is mounted' "$casfs" status "$mnt"
./mount.casfs "$store" "$mnt" -r; assert_fails 'Read-only file system' touch "$mnt/incoming/f"; "$casfs" unmount "$mnt"
# The exit statuses are those of mount(8).
refused 1 "unknown mount option 'frobnicate'" ./mount.casfs "$store" "$mnt" -o frobnicate
refused 1 "unknown option '-x'" ./mount.casfs "$store" "$mnt" -x
refused 1 "missing value for '-o'" ./mount.casfs "$store" "$mnt" -o
refused 1 nsenter ./mount.casfs "$store" "$mnt" -N /proc/1/ns/mnt
refused 32 'No such file or directory' ./mount.casfs absent "$mnt"
refused 32 'No such file or directory' ./mount.casfs "$store" absent
