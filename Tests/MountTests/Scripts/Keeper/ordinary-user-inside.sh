#!/bin/bash
. helpers.bash
. keeper.bash

mknod fuse c 10 229; chmod 666 fuse; mount --bind fuse /dev/fuse
cp "$casfs" ./casfs; chmod 755 ./casfs; casfs=$top/casfs; export casfs
user() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"; }
of_status() { user "$casfs" status --json "$mnt" | jq ".$1"; }
user "$casfs" mount --create -o keeper "$store" "$mnt"
keeper=$(of_status keeper); server=$(of_status process)
assert_eq "$(ps -o uid= -p "$keeper" | tr -d ' ') $(ps -o uid= -p "$server" | tr -d ' ')" '65534 65534'
head -c 100000 /dev/urandom >a; user cp a "$mnt/incoming/a"
for _ in 1 2; do
  kill -KILL "$(of_status process)"
  user cmp a "$mnt/committed/a"
done
[ "$(of_status process)" != "$server" ]; assert_eq "$(of_status keeper) $(of_status restarts)" "$keeper 2"
echo b >b; user cp b "$mnt/incoming/b"; user cmp b "$mnt/incoming/b"
user "$casfs" unmount "$mnt"; assert_exited "$keeper"
# The keeper unmounts when no server is there.
user "$casfs" mount -o keeper "$store" "$mnt"
keeper=$(of_status keeper); server=$(of_status process)
mv "$store" away; kill -KILL "$server"; eventually has_exited "$server"
kill -TERM "$keeper"; eventually has_exited "$keeper"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
mv away "$store"
