#!/bin/bash
. helpers.bash

mknod fuse c 10 229; chmod 666 fuse; mount --bind fuse /dev/fuse
echo user_allow_other >conf; mount --bind conf /etc/fuse.conf
cp "$casfs" ./casfs; chmod 755 ./casfs; casfs=$top/casfs; export casfs
user() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"; }
user "$casfs" mount --create "$store" "$mnt"
# Only the owner of the mount has access.
assert_fails 'Permission denied' ls "$mnt/blobs"
echo x >a; user cp a "$mnt/incoming/f"; user cmp a "$mnt/committed/f"
assert_eq "$(user stat -c '%u %g' "$mnt/incoming/f" "$mnt/blobs" | sort -u)" '65534 65534'
assert_eq "$(findmnt -n -o FSTYPE,SOURCE "$mnt" | tr -s ' ')" "fuse.casfs $store"
daemon=$(user "$casfs" status --json "$mnt" | jq .process)
user "$casfs" unmount "$mnt"; assert_exited "$daemon"
# The owner cleans up the mount of a killed daemon.
user "$casfs" mount -o nokeeper "$store" "$mnt"; kill -KILL "$(user "$casfs" status --json "$mnt" | jq .process)"
eventually user bash -c '! ls $mnt'
user "$casfs" mount -o allow_other "$store" "$mnt"
# Other users have access by the modes.
cmp a "$mnt/blobs/sha256/"*
assert_fails 'Permission denied' setpriv --reuid=1234 --regid=1234 --clear-groups touch "$mnt/incoming/g"
setpriv --reuid=1234 --regid=1234 --clear-groups cat "$mnt/incoming/../blobs/sha256/"* | cmp a
user "$casfs" unmount "$mnt"
# fusermount3 knows fewer words than mount(8).
words="noexec sync dirsync noatime nodiratime lazytime strictatime relatime iversion mand silent loud owner group \
  comment=x X-a=b _netdev nofail max_read=65536 fsname=me,subtype=x"
for word in $words; do
  user "$casfs" mount -o "$word" "$store" "$mnt" || fail "refused: $word"
  user "$casfs" unmount "$mnt"
done
