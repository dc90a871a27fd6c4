#!/bin/bash
. helpers.bash

attach_strace -y -e trace=fsync,sync_file_range
python3 "$scripts/synchronizations.py" "$mnt"
detach_strace
# The file that replaces the index, and the directory in which it does.
assert_eq "$(sed -nE 's/.* (fsync|sync_file_range)\([0-9]+<([^>]*)>.*/\1 \2/p' trace | sed -E "s|$(realpath "$store")|store|; s|-tmp-.*|-tmp-|")" \
  $'fsync store/.casfs-tmp-\nfsync store'
