#!/bin/bash
. helpers.bash

# A process that sees no mounts of other tests.
unshare -m --propagation private bash -c '
  while read -r -a fields; do umount -l "${fields[4]}"; done < <(grep -F " - fuse.casfs " /proc/self/mountinfo)
  "$casfs" status >text; "$casfs" status --json >json; "$casfs" status --format openmetrics >metrics'
assert_eq "$(cat text)" ""; assert_eq "$(cat json)" ""; assert_eq "$(cat metrics)" "# EOF"
