#!/bin/bash
. helpers.bash

"$casfs" create "$store"; for i in {1..5}; do echo "$i" >a; "$casfs" blob put "$store" a; done
for command in 'gc --grace 0' 'blob ls' fsck; do
  # shellcheck disable=SC2086 # a command with its arguments
  assert_fails 'Input/output error' strace -f -qq -o trace -e trace=getdents64 -e inject=getdents64:error=EIO \
    "$casfs" $command "$store"
done
assert_blob_count 5
