#!/bin/bash
. helpers.bash

# A /dev without the system log of the machine.
mount -t tmpfs none /dev
mknod /dev/null c 1 3; mknod /dev/urandom c 1 9; mknod -m 666 /dev/fuse c 10 229
python3 "$scripts/system-log.py" /dev/log log & logger=$!
eventually test -S /dev/log
./mount.casfs "$store" "$mnt"
blob=$store/blobs/sha256/${digest#sha256:}
chmod u+w "$blob"; echo y >"$blob"
assert_fails 'Input/output error' cat "$mnt/blobs/sha256/${digest#sha256:}"
# Facility 3, severity 3: 3 * 8 + 3.
eventually grep -qE "^<27>.* casfs\[[0-9]+\]: .*$digest" log
umount "$mnt"
kill $logger; wait $logger || true
