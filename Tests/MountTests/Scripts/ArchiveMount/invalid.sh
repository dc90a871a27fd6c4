#!/bin/bash
. helpers.bash

"$casfs" create "$store"; tar -cf x.txz -J -C "$store" .; echo x >x.tar
assert_fails 'decompress it first: xz -dc' "$casfs" mount oci-archive:x.txz "$mnt"
assert_fails 'not a tar archive' "$casfs" mount oci-archive:x.tar "$mnt"
assert_fails 'No such file' "$casfs" mount oci-archive:none "$mnt"
assert_fails 'the kernel does not read files by itself' bash -c "tar -cf y.tar -C $store . &&
  $casfs mount -o read=passthrough oci-archive:y.tar $mnt"
