#!/bin/bash
. helpers.bash
: "${layout:?}"

umask 0
store=made/above/store; "$casfs" create --layout "$layout" $store; seq 1000 >a
"$casfs" blob put $store a; "$casfs" ref put $store a/b "sha256:$(sha256 a)"
"$casfs" mount $store "$mnt"; daemon=$(daemon_pid)
cp a "$mnt/incoming/$(sha512sum <a | sed 's/ .*//; s/^/sha512:/')"; cp "$mnt/refs/a/b" "$mnt/refs/c"
# Uncommitted content is in an unnamed file.
exec 3>"$mnt/incoming/open"; seq 100000 >&3
open=0
for file in /proc/"$daemon"/fd/*; do
  case $(readlink "$file") in "$top/$store"*) ;; *) continue ;; esac
  open=$((open + 1)); assert_eq "$(find -L "$file" -maxdepth 0 -perm -002)" ''
done
[ $open -ge 2 ]
assert_eq "$(find made "$mnt/blobs" "$mnt/refs" "$mnt/images" "$mnt/committed" -perm -002 ! -type l)" ''
exec 3>&-
head -c 10 /dev/zero >"$store/blobs/sha256/$(sha256 a)"; cp a "$mnt/incoming/healed"
"$casfs" gc --grace 0 $store; "$casfs" unmount "$mnt"
assert_eq "$(find made -perm -002 ! -type l)" ''; assert_fsck_clean
