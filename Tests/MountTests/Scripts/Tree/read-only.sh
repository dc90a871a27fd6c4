#!/bin/bash
. helpers.bash

echo x >"$mnt/incoming/f"; hex=$(echo x | sha256sum | cut -c 1-64)
mkdir ro view; mount --bind "$store" view; mount -o remount,bind,ro view
for how in "-o ro $store" view; do
  # shellcheck disable=SC2086 # a command with its arguments
  "$casfs" mount $how ro
  for d in ro ro/incoming ro/blobs/sha256 ro/refs; do
    assert_fails 'Read-only file system' touch $d/x
    assert_fails 'Read-only file system' mkdir $d/x
  done
  assert_fails 'Read-only file system' rm "ro/blobs/sha256/$hex"
  assert_fails 'Read-only file system' setfattr -n user.x -v y "ro/blobs/sha256/$hex"
  assert_fails 'Read-only file system' bash -c "echo y >ro/incoming/f"
  assert_eq "$(cat "ro/blobs/sha256/$hex")" x
  "$casfs" status --json ro | jq -e .read_only >/dev/null
  "$casfs" unmount ro
done
