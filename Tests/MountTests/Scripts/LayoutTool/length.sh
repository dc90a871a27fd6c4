#!/bin/bash
. helpers.bash

printf 1 >content
"$casfs" blob put "$store" content >/dev/null
python3 "$scripts/length.py" "$casfs" "$mnt" "sha256:$(sha256 content)"
