#!/bin/bash
. helpers.bash
: "${kind:?}"

mkdir disk
if [ "$kind" = tmpfs ]; then mount -t tmpfs -o size=8m none disk
else truncate -s 16M image; mkfs.ext4 -q -O ^has_journal image; mount -o loop image disk; fi
store=disk/store; "$casfs" mount --create $store "$mnt"
used() { df --output=used disk | tail -1; }
before=$(used); head -c 20000000 /dev/urandom >large
assert_fails "error writing '$mnt/incoming/f': No space left on device" cp large "$mnt/incoming/f"
eventually test ! -e "$mnt/incoming/f"; assert_absent f
assert_fails 'printf: write error: No space left on device' bash -c 'printf %020000000d 1 >$mnt/incoming/f'
eventually test ! -e "$mnt/incoming/f"
assert_fails 'No space left on device' bash -c 'cat large >$mnt/incoming/f'
assert_blob_count 0
back() { [ "$(used)" -le $((before + 64)) ]; }
eventually back
status=0; "$casfs" blob put $store large >out 2>err || status=$?
assert_eq "$status $(wc -l <err) $(wc -c <out)" '1 1 0'
case $(cat err) in casfs:*': No space left on device') ;; *) fail "said: $(cat err)" ;; esac
eventually back
assert_eq "$(find $store -type f | wc -l)" 2
echo a >want; cp want "$mnt/incoming/f"; assert_committed f want; assert_blob_count 1
"$casfs" unmount "$mnt"; umount disk
