#!/bin/bash
. helpers.bash
: "${mode:?}"

"$casfs" create "$store"; for i in {1..80}; do echo "$i" >"f$i"; done; "$casfs" blob put "$store" f*
"$casfs" ref put "$store" a "sha256:$(sha256 f1)"
prlimit --nofile=40 "$casfs" mount -o read="$mode" "$store" "$mnt"; daemon=$(daemon_pid)
# Sequential reads need one descriptor at a time.
for i in {1..80}; do cmp "f$i" "$mnt/blobs/sha256/$(sha256 "f$i")"; done
python3 "$scripts/daemon.py" "$mnt"
eventually test ! -e "$mnt/incoming/x"; assert_absent x
for i in {1..80}; do cmp "f$i" "$mnt/blobs/sha256/$(sha256 "f$i")"; done
echo y >y; cp y "$mnt/incoming/y"; assert_committed y y;
cp "$mnt/refs/a" "$mnt/refs/b"; assert_eq "$daemon" "$(daemon_pid)"
"$casfs" unmount "$mnt"; assert_blob_count 81; assert_fsck_clean
