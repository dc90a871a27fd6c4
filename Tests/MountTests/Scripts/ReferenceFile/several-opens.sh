#!/bin/bash
. helpers.bash
. layouts.bash

digests=()
for number in {1..8}; do
  echo "$number" >"$mnt/incoming/f"
  digests+=("sha256:$(echo "$number" | sha256sum | cut -c 1-64)")
done
python3 "$scripts/several-opens.py" "$mnt" "${digests[@]}"
