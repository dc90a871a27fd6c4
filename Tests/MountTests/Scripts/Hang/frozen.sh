#!/bin/bash
. helpers.bash
. hang.bash

mkdir disk; truncate -s 64M image; mkfs.ext4 -q image; mount -o loop image disk; store=$top/disk/store
trap 'fsfreeze -u disk || true' EXIT
"$casfs" create "$store"; seq 100 >small; head -c 5000000 /dev/urandom >big; "$casfs" blob put "$store" small big
"$casfs" ref put "$store" a "sha256:$(sha256 small)"; "$casfs" mount "$store" "$mnt"; daemon=$(daemon_pid)
fsfreeze -f disk
seq 1000 >new; default_signals cp new "$mnt/incoming/new" & writer=$!; sleep 0.3
default_signals cp "$mnt/refs/a" "$mnt/refs/b" & tagging=$!; sleep 0.3
for file in small big; do assert_prompt cmp $file "$mnt/blobs/sha256/$(sha256 $file)"; done
assert_prompt cat "$mnt/refs/a"; assert_prompt ls -lR "$mnt"; assert_prompt "$casfs" status "$mnt"
kill -0 $writer; assert_killed_by TERM $writer; kill -0 $tagging; assert_killed_by INT $tagging
assert_prompt timeout -k 1 4 bash -c '"$casfs" unmount $mnt & until ! grep -q " $mnt " /proc/self/mountinfo; do sleep 0.1; done; kill $!'
if has_exited "$daemon"; then fail 'it did not wait'; fi
fsfreeze -u disk; eventually has_exited "$daemon"; trap - EXIT
# The interrupted tag may have been put, and is valid then.
assert_fsck_clean; for name in $("$casfs" ref ls "$store"); do "$casfs" ref get "$store" "$name" | grep -q "$(sha256 small)"; done
umount disk
