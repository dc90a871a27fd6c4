#!/bin/bash
. helpers.bash
. keeper.bash

echo kept >kept; cp kept "$mnt/incoming/kept"; assert_blob_count 1
mkdir "$mnt/incoming/d"; cp kept "$mnt/incoming/d/before"; mv "$mnt/incoming/d/before" "$mnt/incoming/d/after"
cp kept "$mnt/incoming/gone"; rm "$mnt/incoming/gone"
chmod 640 "$mnt/incoming/kept"; touch -d 2001-02-03 "$mnt/incoming/kept"; setfattr -n user.a -v b "$mnt/incoming/kept"
exec 4<"$mnt/incoming/kept" 5<"$mnt/incoming/d"; inode=$(stat -c %i "$mnt/incoming/kept")
python3 "$scripts/writers.py" "$mnt" bash -c "source helpers.bash; source keeper.bash; kill_server"
assert_blob_count 1
# Names and their attributes outlive the server, and open ones go on.
assert_committed kept kept; assert_committed d/after kept; assert_absent d/before; assert_absent gone
assert_eq "$(stat -c '%a %Y %i' "$mnt/incoming/kept")" "640 $(date -d 2001-02-03 +%s) $inode"
assert_eq "$(getfattr --only-values -n user.a "$mnt/incoming/kept")" b
cmp kept - <&4; assert_eq "$(ls /proc/self/fd/5/)" after; exec 4<&- 5<&-
for name in write sync close; do assert_absent $name; done
echo again >again; cp again "$mnt/incoming/again"; assert_committed again again
kill_server
assert_committed again again; rm "$mnt/incoming/kept"; kill_server; assert_absent kept
for _ in 1 2 3; do "$casfs" ref put "$store" a "sha256:$(sha256 again)"; cat "$mnt/refs/a" >/dev/null; rm "$mnt/refs/a"; done
"$casfs" unmount "$mnt"; assert_blob_count 2; assert_fsck_clean
