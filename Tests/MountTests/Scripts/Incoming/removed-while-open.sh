#!/bin/bash
. helpers.bash

exec 3<>"$mnt/incoming/f"; echo a >&3; rm "$mnt/incoming/f"
assert_eq "$(head -c 2 /dev/fd/3 )" a
echo b >&3; exec 3>&-
assert_absent f; assert_blob_count 0
echo c >"$mnt/incoming/f"; echo c >want; assert_committed f want; assert_blob_count 1
