#!/bin/bash
. helpers.bash
. keeper.bash

# A /dev without the system log of the machine. It is made whole elsewhere: a job of the script can open /dev/null meanwhile.
mkdir dev; mount -t tmpfs none dev
mknod dev/null c 1 3; mknod dev/urandom c 1 9; mknod -m 666 dev/fuse c 10 229
mount --bind dev /dev
python3 "$scripts/../MountCommand/system-log.py" /dev/log log &
eventually test -S /dev/log
"$casfs" mount -o keeper,restarts=3 "$store" "$mnt"
kill_server
# Facility 3, severity 4: 3 * 8 + 4.
eventually grep -qE "^<28>.* casfs\[[0-9]+\]: the server of $mnt was killed by signal 9; server 2 goes on" log
mv "$store" away; kill -KILL "$(daemon_pid)"
eventually grep -qE "^<27>.* casfs\[[0-9]+\]: server 3 of $mnt: .*No such file" log
mv away "$store"; "$casfs" status "$mnt"
for _ in 1 2 3; do kill -KILL "$(server_pid)" || true; sleep 0.3; done
eventually grep -qE "^<27>.* casfs\[[0-9]+\]: the server of $mnt was killed by signal 9 and is given up" log
"$casfs" unmount "$mnt"
# One that ends before it has mounted says so at the terminal.
assert_fails "was killed by signal 9, and has not mounted" \
  strace -f -qq -o trace -e trace=mount -e inject=mount:error=EINTR:signal=KILL "$casfs" mount -o keeper "$store" "$mnt"
