#!/bin/bash
. helpers.bash

exec 3>"$mnt/incoming/f"
/bin/echo a >&3
/bin/echo b >&3
assert_blob_count 0
exec 3>&-
printf 'a\nb\n' >want
assert_committed f want
assert_blob_count 1
