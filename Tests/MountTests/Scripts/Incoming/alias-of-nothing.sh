#!/bin/bash
. helpers.bash

echo a >"$mnt/incoming/f"
"$casfs" blob rm "$store" "sha256:$(printf 'a\n' | sha256sum | cut -c 1-64)"
eventually test ! -e "$mnt/incoming/f"
eventually test ! -L "$mnt/committed/f"
echo b >"$mnt/incoming/f"; echo b >want
assert_committed f want
