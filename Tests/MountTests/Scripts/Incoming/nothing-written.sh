#!/bin/bash
. helpers.bash

exec 3>"$mnt/incoming/f"
true >&3; /bin/true >&3
(exec 3>&-)
assert_blob_count 0
assert_eq "$(counter commits)" 0
echo a >&3; exec 3>&-
assert_blob_count 1
exec 3<"$mnt/incoming/f"; exec 3<&-
exec 3<>"$mnt/incoming/f"; exec 3>&-
assert_eq "$(counter commits)" 1
