#!/bin/bash
. helpers.bash

# The program and the store may be in /tmp themselves.
exec 9<"$casfs"; "$casfs" create store; mkdir there
unshare --mount --propagation private bash -euo pipefail -c '
  mount --bind . /mnt; mount -t tmpfs -o ro,mode=1777 none /tmp; cd /mnt
  /proc/self/fd/9 mount store there; ls there/blobs; /proc/self/fd/9 unmount there'
