#!/bin/bash
. helpers.bash

calls() { grep -oE 'fsync|sync_file_range' trace | tr '\n' ' '; }
# The first blob makes the directory of the blobs durable too.
echo x >"$mnt/incoming/first"
attach_strace -e trace=fsync,sync_file_range
exec 3>"$mnt/incoming/f"; echo y >&3; sync "$mnt/incoming/f"
assert_eq "$(calls)" 'sync_file_range '
exec 3>&-
detach_strace
# The close makes the file and its name durable.
assert_eq "$(calls)" 'sync_file_range fsync fsync '
