#!/bin/bash
. helpers.bash
. layouts.bash

echo "$a" >"$refs/latest"; echo "$b" >"$refs/new"
exec 3<"$refs/latest"
mv -n "$refs/new" "$refs/latest"
assert_eq "$(tagged latest)" "$a"; assert_eq "$(tagged new)" "$b"
assert_fails "File exists" python3 -c '
import ctypes, os, sys
c = ctypes.CDLL(None, use_errno=True)
if c.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 1): sys.exit(os.strerror(ctypes.get_errno()))
' "$refs/new" "$refs/latest"
mv "$refs/new" "$refs/latest"
assert_eq "$(tagged latest)" "$b"; assert_eq "$(ls "$refs")" latest; assert_eq "$(jq -r .digest "$refs/latest")" "$b"
assert_eq "$(jq -r .digest <&3)" "$a"
mv "$refs/latest" "$refs/v1"
assert_eq "$(ls "$refs")" v1; assert_eq "$(jq -r .digest "$refs/v1")" "$b"
assert_fails "No such file" mv "$refs/latest" "$refs/v2"
rm "$refs/v1"
assert_fails "No such file" cat "$refs/v1"
assert_fails "No such file" rm "$refs/v1"
assert_eq "$($casfs ref ls "$store")" ""
assert_blob_count 2
