#!/bin/bash
. helpers.bash

for i in {1..300}; do head -c "$i" /dev/urandom >"$mnt/incoming/f$i"; done; mkdir -p "$mnt/incoming/d/e"
echo x >"$mnt/incoming/d/e/x"
blob=sha256:$(echo x | sha256sum | cut -c 1-64)
"$casfs" ref put "$store" a/b "$blob"
"$casfs" ref put "$store" a/c/image "$(jq -nc --arg d "$blob" '{digest: $d, size: 2} as $blob
  | {config: $blob, layers: [$blob]}' | "$casfs" blob put "$store")"; sleep 1.1
find "$mnt" -printf '%i %s %y %p\n' | sort >found
find "$mnt" | sort | while read -r f; do stat -c '%i %s %F %n' "$f"; done |
  sed 's/ regular\( empty\)\? file / f /; s/ directory / d /; s/ symbolic link / l /' | sort >stated
diff found stated
[ "$(wc -l <found)" -gt 900 ]
python3 "$scripts/agreement.py" "$mnt"
assert_eq "$(ls -a "$mnt/blobs/sha256" | head -2 | tr '\n' ' ')" '. .. '
assert_eq "$(ls -ai "$mnt/incoming/d/e" | awk '$2 == ".." { print $1 }')" "$(stat -c %i "$mnt/incoming/d")"
assert_eq "$(find "$mnt/blobs/sha256" -type f | wc -l)" 302
