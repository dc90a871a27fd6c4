#!/bin/bash
. registry.bash
: "${obstacle:?}"
start_registry main

make_image a; push_image a v1; export TMPDIR=$top/temporary; mkdir "$TMPDIR"; unset XDG_CACHE_HOME
case $obstacle in
  file) : >.cache ;;
  read-only) mkdir home; mount -t tmpfs none home; mkdir -p home/.cache; mount -o remount,ro home; export HOME=$top/home ;;
  read-only-cache)
    mkdir home; mount -t tmpfs none home; HOME=$top/home "$casfs" ref ls -l "$repository" >/dev/null
    mount -o remount,ro home; export HOME=$top/home ;;
  no-space)
    mkdir home; mount -t tmpfs -o size=512k none home; cat /dev/zero >home/ballast 2>/dev/null || true
    export HOME=$top/home ;;
  full) mkdir home; mount -t tmpfs -o nr_inodes=2 none home; mkdir home/full; export HOME=$top/home ;;
esac
"$casfs" copy "$repository" v1 "$repository" v2 2>said >/dev/null
assert_eq "$(grep -c '^casfs: unusable cache: ' said)" 1; assert_eq "$(wc -l <said)" 1
grep -qF "$TMPDIR/casfs-cache-$(id -u)" said
"$casfs" mount "$repository" "$mnt" 2>said; assert_eq "$(grep -c 'unusable cache' said)" 1
cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; echo b >b; cp b "$mnt/incoming/"; has_blob "$(sha256 b)"
assert_eq "$(ls "$mnt/refs")" "$(printf 'v1\nv2')"; "$casfs" unmount "$mnt"
assert_eq "$(stat -c %a "$TMPDIR"/*)" 700
# A directory that others may enter is not used.
chmod 755 "$TMPDIR"/*; "$casfs" ref ls "$repository" 2>said >/dev/null; grep -F "$TMPDIR" said && fail "it was used"; true
