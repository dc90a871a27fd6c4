#!/bin/bash
. helpers.bash

"$casfs" create "$store"
words="ro rw allow_other allow_root default_permissions fsname=me subtype=x max_read=65536 nonempty uid=7 gid=8 \
  umask=027 defaults dev nodev suid nosuid exec noexec sync async dirsync atime noatime relatime auto noauto user \
  nouser nofail _netdev x-systemd.automount x-a=b auto_unmount nodiratime lazytime strictatime iversion mand silent loud \
  owner group comment=x X-a"
for word in $words; do
  "$casfs" mount -o "$word" "$store" "$mnt" || fail "refused: $word"
  ls "$mnt/blobs" >/dev/null || fail "not usable: $word"
  grep " $mnt " /proc/self/mountinfo | grep -q 'nosuid,nodev' || fail "not nosuid, nodev: $word"
  "$casfs" unmount "$mnt"
done
for words in -oro -oread=copy -overify=always,ro; do "$casfs" mount $words "$store" "$mnt"; "$casfs" unmount "$mnt"; done
"$casfs" mount "$store" "$mnt" -o ro,rw,fsname=me,uid=7,gid=8 -o umask=027,dev,suid,x-a=b,nofail
assert_eq "$(stat -c '%u %g %a' "$mnt/blobs")" '7 8 750'
assert_eq "$(findmnt -n -o SOURCE,FSTYPE "$mnt" | tr -s ' ')" 'me fuse.casfs'
