#!/bin/bash
. helpers.bash

echo x >"$mnt/incoming/f"; hex=$(echo x | sha256sum | cut -c 1-64)
exec 3<"$mnt/incoming/f"
rm "$mnt/blobs/sha256/$hex"
assert_absent f; assert_eq "$(cat <&3)" x
exec 3>"$mnt/incoming/g"; mkdir "$mnt/incoming/d"; exec 4<"$mnt/incoming/d"
rm "$mnt/incoming/g"; rmdir "$mnt/incoming/d"
assert_eq "$(stat -L -c %h /dev/fd/3 /dev/fd/4 | tr '\n' ' ')" '0 0 '
