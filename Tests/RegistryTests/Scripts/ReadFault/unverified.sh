#!/bin/bash
. registry.bash
start_registry main
. check.bash

open_store() { mkdir "mnt-$name"; "$casfs" mount -o verify=none "$repository" "mnt-$name"; }
# Data before the fault is right, and removed from the output.
read_blob() {
  if cat "mnt-$name/blobs/sha256/$hex" >"$name.part"; then cat "$name.part"; return; fi
  cmp -n "$(wc -c <"$name.part")" "$name.part" "$file" || fail "wrong content before the error"
  return 1
}
has_reason() { grep -q 'Input/output error' "$name.said"; }
close_store() { "$casfs" unmount "mnt-$name"; }

make_image a; push_image a v1
run_fault_cases
