#!/bin/bash
# Replaces the server of an archive in the middle of a listing of its blobs.
: "${event:?}"
. helpers.bash
. keeper.bash

# The names take more than one read of the directory.
mkdir files; for i in {1..1500}; do echo "$i" >"files/$i"; done
"$casfs" create "$store"; "$casfs" blob put "$store" files/* >/dev/null
tar -cf archive.tar -C "$store" .
"$casfs" mount -o keeper oci-archive:archive.tar "$mnt"
mkfifo events
python3 -c '
import os, sys
listing = os.scandir(sys.argv[1])
names = [next(listing).name for _ in range(3)]
open("events").read()
names += [entry.name for entry in listing]
print(len(names), len(set(names)))' "$mnt/blobs/sha256" >counts & reader=$!
exec {events}>events
case $event in
  kill) kill_server ;;
  reload) "$casfs" reload "$mnt" >/dev/null ;;
esac
exec {events}>&-
wait $reader; assert_eq "$(cat counts)" '1500 1500'
assert_eq "$(ls -f "$mnt/blobs/sha256" | grep -v '^[.]*$' | sort -c && echo sorted)" sorted
