#!/bin/bash
. helpers.bash
. keeper.bash

head -c 3000000 /dev/urandom >a; cp a "$mnt/incoming/a"; blob=$mnt/blobs/sha256/$(sha256 a)
assert_eq "$("$casfs" status --json "$mnt" | jq -r .read_mode)" passthrough
exec 3<"$blob"; head -c 100 <&3 >/dev/null
for _ in 1 2 3; do
  kill_server
  # The kernel fails an open under another backing id than the first.
  cmp a "$blob"
done
exec 4<"$blob" 3<&-; cmp a - <&4; exec 4<&-
# A blob that was removed keeps its space while the kernel has it open.
rm "$mnt/incoming/a"; rm -f "$store/blobs/sha256/$(sha256 a)"
used() { ls -l "/proc/$(daemon_pid)/fd" | grep -c 'blobs.*deleted' || true; }
is_unused() { [ "$(used)" = 0 ]; }
eventually is_unused
"$casfs" unmount "$mnt"
