#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
"$casfs" mount "$repository" "$mnt"; ls "$mnt/refs" >/dev/null; cat "$mnt/refs/v1" >/dev/null
# soon COMMAND…: the command succeeds within two seconds, which leaves a slow machine some time.
soon() { for _ in {1..40}; do if "$@" 2>/dev/null; then return; fi; sleep 0.05; done; fail "not yet: $*"; }
stands() { [ "$(jq -r .digest "$mnt/refs/$1")" = "sha256:$2" ]; }
make_image b; push_image b v2; soon stands v2 "$manifest"
cmp "$mnt/images/v2/manifest" "b/blobs/sha256/$manifest"
push_image b v1; soon stands v1 "$manifest"
ls "$mnt/refs" | grep -qx v2
head -c 1000000 /dev/urandom >c; test ! -e "$mnt/blobs/sha256/$(sha256 c)"; upload_blob c >/dev/null
cmp c "$mnt/blobs/sha256/$(sha256 c)"
