#!/bin/bash
. helpers.bash

printf 1 >content
"$casfs" blob put "$store" content >/dev/null
digest=sha256:$(sha256 content)
# Reads the index in this process, and not in a child.
index() { IFS= read -r -d '' text <"$mnt/index.json" || true; }
has() { [[ $text == *"\"$1\""* ]]; }

index
"$casfs" ref put "$mnt" a "$digest"
index; has a || fail 'the name that a child put is absent'
cp "$mnt/refs/a" "$mnt/refs/b"
index; has b || fail 'the name that a child copied is absent'
rm "$mnt/refs/b"
index; ! has b || fail 'the name that a child removed is there'
