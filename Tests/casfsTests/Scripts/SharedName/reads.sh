#!/bin/bash
# Reads both images of one short name, from a directory and from an archive.
. "${BASH_SOURCE[0]%/*}/images.bash"

assert_eq "$(names store)" "latest $whole/alpha:latest $whole/beta:latest"
assert_eq "$(tagged latest)" "$alpha"
assert_eq "$(tagged $whole/alpha:latest)" "$alpha"
assert_eq "$(tagged $whole/beta:latest)" "$beta"
tar -cf saved.tar --mtime=@0 -C store .
"$casfs" create other
"$casfs" copy oci-archive:saved.tar $whole/beta:latest other
assert_eq "$(names other)" $whole/beta:latest
"$casfs" blob get oci-archive:saved.tar $whole/beta:latest | jq -e .layers >/dev/null
assert_eq "$("$casfs" fsck store)" ""
if "$casfs" copy oci-archive:saved.tar beta:latest other 2>error; then exit 1; fi
assert_eq "$(cat error)" "casfs: get reference beta:latest: not found; $whole/beta:latest is there"
echo 'done'
