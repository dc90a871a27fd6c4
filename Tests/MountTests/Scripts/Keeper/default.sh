#!/bin/bash
# Mounts without an option for or against a keeper, and the signals of kill(1) to their processes.
. helpers.bash
. keeper.bash

# status_of MEMBER: prints a member of the mount's status.
status_of() { "$casfs" status --json "$mnt" | jq -r ".$1"; }
# unmounted: tells whether nothing is mounted.
unmounted() { ! grep -q " $mnt " /proc/self/mountinfo; }

"$casfs" create "$store"
for signal in TERM INT HUP; do
  for target in keeper process; do
    "$casfs" mount "$store" "$mnt"; echo $signal $target >"$mnt/incoming/f"
    assert_eq "$(status_of no_keeper)" null
    keeper=$(keeper_pid); server=$(daemon_pid)
    kill -$signal "$(status_of $target)"
    eventually unmounted; eventually has_exited "$keeper"; eventually has_exited "$server"
    assert_eq "$(ls -A "$mnt")" ''
  done
done
assert_blob_count 6
# The server that the status names can be killed at any time; the keeper ends the mount.
"$casfs" mount "$store" "$mnt"
for signal in KILL SEGV ABRT; do kill_server $signal; done
assert_eq "$(status_of restarts)" 3; ls "$mnt/blobs" >names
keeper=$(keeper_pid); kill -KILL "$keeper"; eventually has_exited "$keeper"
eventually bash -c 'ls "$mnt" 2>&1 | grep -q "not connected"'
# The other commands that mount have keepers too.
ln -s "$casfs" mount.casfs
./mount.casfs "$store" "$mnt" -o rw; kill_server; "$casfs" unmount "$mnt"
# refused OPTIONS STORE REASON: a mount has no keeper, and its status says why.
refused() {
  "$casfs" mount --create -o "$1" "$2" "$mnt"
  assert_eq "$(status_of keeper)" null
  case $(status_of no_keeper) in *"$3"*) ;; *) fail "no keeper: $(status_of no_keeper)" ;; esac
  assert_eq "$("$casfs" status "$mnt" | grep -c '^no_keeper')" 1
  "$casfs" unmount "$mnt"
}
refused nokeeper "$store" 'the option nokeeper'
refused rw mem: 'in the memory of its process'
# Without access by root, an ordinary user's fusermount3 does not watch the mount.
refused auto_unmount,allow_other "$store" auto_unmount
"$casfs" mount -o nokeeper "$store" "$mnt"; server=$(daemon_pid)
kill -KILL "$server"; eventually has_exited "$server"
eventually bash -c 'ls "$mnt" 2>&1 | grep -q "not connected"'
"$casfs" unmount "$mnt"
# The last word wins.
"$casfs" mount -o keeper,nokeeper "$store" "$mnt"; assert_eq "$(status_of keeper)" null; "$casfs" unmount "$mnt"
