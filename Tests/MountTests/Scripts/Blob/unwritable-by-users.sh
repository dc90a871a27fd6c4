#!/bin/bash
. helpers.bash

echo content >"$mnt/incoming/f"; hex=$(echo content | sha256sum | cut -c 1-64); chmod 755 .
setpriv --reuid=65534 --regid=65534 --clear-groups python3 "$scripts/../attempt_writes.py" "$mnt/blobs/sha256/$hex"
setpriv --reuid=65534 --regid=65534 --clear-groups cmp "$mnt/blobs/sha256/$hex" "$mnt/incoming/f"
assert_blob_count 1
