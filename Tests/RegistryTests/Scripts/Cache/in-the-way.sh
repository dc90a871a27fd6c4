#!/bin/bash
. registry.bash
: "${obstacle:?}"
start_registry main

make_image a; push_image a v1; head -c 3000000 /dev/urandom >b; blob=$(upload_blob b)
"$casfs" ref ls "$repository"
at=cache/casfs/blobs/sha256; rm -f $at/*
for x in $blob $manifest; do
  case $obstacle in
    empty) mkdir "$at/$x" ;; full) mkdir "$at/$x"; echo x >"$at/$x/x" ;; link) ln -s /etc/passwd "$at/$x" ;;
  esac
done
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b; cmp "$mnt/images/v1/manifest" "a/blobs/sha256/$manifest"
assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"; assert_eq "$(find $at -type f | wc -l)" 2
[ "$obstacle" != full ] || assert_eq "$(find cache -name x | wc -l)" 2
