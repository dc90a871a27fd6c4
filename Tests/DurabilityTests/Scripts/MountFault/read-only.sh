#!/bin/bash
. helpers.bash

mkdir disk; truncate -s 32M image; mkfs.ext4 -q image; mount -o loop image disk; store=disk/store
"$casfs" mount --create $store "$mnt"; seq 1000 >a; seq 9 >b; cp a "$mnt/incoming/a"
mount -o remount,ro disk
assert_fails 'Read-only file system' cp b "$mnt/incoming/b"
eventually test ! -e "$mnt/incoming/b"
echo "sha256:$(sha256 a)" >digest; assert_fails 'Read-only file system' cp digest "$mnt/refs/a"
assert_fails 'Read-only file system' rm "$mnt/blobs/sha256/$(sha256 a)"
cmp a "$mnt/blobs/sha256/$(sha256 a)"; assert_eq "$(ls "$mnt/refs")" ''
mount -o remount,rw disk
cp b "$mnt/incoming/b"; assert_committed b b; cp digest "$mnt/refs/a"; assert_blob_count 2; assert_fsck_clean
"$casfs" unmount "$mnt"; umount disk
