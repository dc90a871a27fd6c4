#!/bin/bash
. helpers.bash

echo content >"$mnt/incoming/f"; hex=$(echo content | sha256sum | cut -c 1-64)
python3 "$scripts/../attempt_writes.py" "$mnt/blobs/sha256/$hex"
python3 "$scripts/../attempt_writes.py" "$mnt/committed/f"
cat "$mnt/blobs/sha256/$hex" >/dev/null
python3 "$scripts/../attempt_writes.py" "$mnt/blobs/sha256/$hex"
assert_blob_count 1
assert_eq "$(stat -c '%a %s' "$store/blobs/sha256/$hex")" '444 8'
