#!/bin/bash
. registry.bash
. fault-cases.bash
start_registry main

make_image a; push_image a v1
# One registry per case, because the location of an upload does not identify the case.
behind=$(read_ports main; echo "127.0.0.1:$main")
# check_fault TITLE OUTCOME FAULT: writes blobs with the fault, which must be stored or fail, and without.
check_fault() {
  local name=${1//[^a-z0-9]/-} verb='(PUT|PATCH)' on
  start_test_registry "own-$name" '{"upstream": "'"$behind"'"}'
  case $1 in begin*) verb=POST ;; esac
  on="$verb .*/blobs/uploads/"; inject_fault "{\"on\": \"$on\", $3}"
  mkdir "mnt-$name"; "$casfs" mount "$repository" "mnt-$name"
  for _ in 1 2; do
    head -c 1000000 /dev/urandom >"$name.file"
    if cp "$name.file" "mnt-$name/incoming/f" 2>"$name.said"; then
      [ "$2" != eio ] || fail "$1: it went through"
      use_registry main; has_blob "$(sha256 "$name.file")" || fail "$1: it is not there"; use_registry "own-$name"
      cmp "mnt-$name/blobs/sha256/$(sha256 "$name.file")" "$name.file"
    else
      [ "$2" != "done" ] || fail "$1: $(cat "$name.said")"
      grep -q 'Input/output error' "$name.said" || fail "$1: $(cat "$name.said")"
      eventually test ! -e "mnt-$name/incoming/f"; test ! -L "mnt-$name/committed/f"
      # A blob acknowledged under another digest cannot be removed.
      if [[ $1 != another* ]]; then
        use_registry main; has_blob "$(sha256 "$name.file")" && fail "$1: it is there"; use_registry "own-$name"
        test ! -e "mnt-$name/blobs/sha256/$(sha256 "$name.file")" || fail "$1: it is shown"
      fi
    fi
    # A file that the registry cannot have yet.
    head -c 1000000 /dev/urandom >"$name.other"
    if "$casfs" blob put "$repository" "$name.other" >"$name.out" 2>"$name.said"; then [ "$2" != eio ] || fail "$1: it was put"
    else [ ! -s "$name.out" ]; assert_eq "$(wc -l <"$name.said")" 1; grep -q "^casfs: .*$host/app" "$name.said" || fail "$1: $(cat "$name.said")"; fi
  done
  clear_faults "$on"; cp "$name.file" "mnt-$name/incoming/g"; use_registry main; has_blob "$(sha256 "$name.file")" || fail "$1: it is not there after all"
  "$casfs" unmount "mnt-$name"
  find cache -name "$(sha256 "$name.file")" -size -1000000c | grep . && fail "$1: a part was kept"
  true
}

run_fault_cases
