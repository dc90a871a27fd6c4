#!/bin/bash
. helpers.bash

# The process id is unknown in the mount's pid namespace, whose /proc has no self for it.
[ ! -e /proc/self ]
cd "$mnt/incoming"
exec 3>f; echo a >&3; /bin/echo b >&3; echo c >&3; exec 3>&-
{ /bin/echo a; /bin/echo b; echo c; } >g
printf 'a\nb\nc\n' >"$top/want"; : >empty; : >"$top/nothing"
cp "$top/want" h; dd if="$top/want" of=i bs=1 status=none
assert_fails 'Bad message' cp "$top/want" "$(printf %064d 0)"
cd "$top"; for name in f g h i; do assert_committed $name want; done; assert_committed empty nothing; assert_absent "$(printf %064d 0)"
umount "$mnt"
