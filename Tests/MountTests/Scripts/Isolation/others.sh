#!/bin/bash
. helpers.bash

# shellcheck disable=SC2086 # a command with its arguments
as() { local user=$1; shift; setpriv --reuid=$user --regid=$user --clear-groups "$@"; }
chmod 755 .; "$casfs" create "$store"; seq 100 >a; echo private >p
"$casfs" blob put "$store" a; "$casfs" ref put "$store" a "sha256:$(sha256 a)"; blob=$mnt/blobs/sha256/$(sha256 a)
for options in rw default_permissions; do
  "$casfs" mount -o $options "$store" "$mnt"
  for path in $mnt $blob $mnt/refs/a $mnt/incoming; do assert_fails 'Permission denied' as 65534 stat "$path"; done
  assert_fails 'Permission denied' as 65534 ls "$mnt"; assert_fails 'Permission denied' as 65534 touch "$mnt/incoming/x"
  assert_fails 'Permission denied' as 65534 "$casfs" status "$mnt"
  "$casfs" unmount "$mnt"
done
for options in allow_other allow_other,default_permissions; do
  "$casfs" mount -o $options "$store" "$mnt"
  grep " $mnt " /proc/self/mountinfo | grep -q 'nosuid,nodev.*default_permissions.*allow_other'
  install -m 600 p "$mnt/incoming/p"
  as 65534 cat "$blob" | cmp a; as 65534 jq -r .digest "$mnt/refs/a" | grep -q "$(sha256 a)"
  assert_fails 'Permission denied' as 65534 cat "$mnt/incoming/p"
  # Every user with access may read a blob.
  as 65534 cat "$mnt/committed/p" | cmp p
  for change in "touch $mnt/incoming/x" "mkdir $mnt/incoming/x" "rm -f $mnt/incoming/p" "ls $mnt/incoming/p/x" \
    "mv $mnt/incoming/p $mnt/incoming/q" "cp p $mnt/incoming/p" "cp p $mnt/blobs/sha256/$(sha256 p)" "rm -f $blob" \
    "cp $mnt/refs/a $mnt/refs/x" "cp p $mnt/refs/a" "rm -f $mnt/refs/a" "mv $mnt/refs/a $mnt/refs/b" \
    "mkdir $mnt/refs/d" "chmod 777 $mnt/incoming/p" "chown 65534 $mnt/incoming/p" "chmod 777 $mnt" \
    "setfattr -n user.x -v y $mnt/incoming/p" "touch -d yesterday $mnt/incoming/p" "chmod 666 $blob" \
    "chmod 777 $mnt/refs"; do
    # shellcheck disable=SC2086 # a command with its arguments
    if as 65534 $change 2>said; then fail "another user may: $change"; fi
    grep -qE 'Permission denied|Operation not permitted|Not a directory' said || fail "$change: $(cat said)"
  done
  # Users own their files in a directory that root lets them write.
  mkdir -m 1777 "$mnt/incoming/shared"; as 65534 cp a "$mnt/incoming/shared/mine"
  assert_eq "$(stat -c %u "$mnt/incoming/shared/mine")" 65534
  assert_fails 'Operation not permitted' as 65533 rm -f "$mnt/incoming/shared/mine"
  assert_fails 'Permission denied' as 65533 cp p "$mnt/incoming/shared/mine"
  assert_fails 'Operation not permitted' as 65534 chown 65533 "$mnt/incoming/shared/mine"
  assert_eq "$(jq -r .digest "$mnt/refs/a")" "sha256:$(sha256 a)"; assert_eq "$(stat -c %a "$mnt/incoming/p")" 600
  "$casfs" unmount "$mnt"
done
"$casfs" mount -o allow_other,umask=077 "$store" "$mnt"; assert_fails 'Permission denied' as 65534 ls "$mnt"
