#!/bin/bash
. helpers.bash
. keeper.bash

chmod 755 . mnt; cp "$casfs" ./casfs; chmod 755 ./casfs
other() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"; }
other ./casfs status "$mnt" >/dev/null
assert_fails 'another user mounted the store' other ./casfs reload "$mnt"
assert_eq "$("$casfs" status --json "$mnt" | jq '.reloads + .reload_failures')" 0
# In a namespace without the mounts of others.
export casfs mnt
# shellcheck disable=SC2016 # the inner shell expands
unshare -m --propagation private bash -c '
  findmnt -n -l -t fuse.casfs -o TARGET | grep -vxF "$mnt" | xargs -r -d "\n" umount -l
  "$casfs" reload --all' >reloaded
assert_eq "$(cat reloaded)" "$(printf '%s\t%s' "$mnt" "$("$casfs" --version)")"
assert_eq "$("$casfs" status --json "$mnt" | jq .reloads)" 1
