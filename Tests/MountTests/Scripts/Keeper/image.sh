#!/bin/bash
# A mount of one image goes on with that image when its server dies or is replaced, also if its name was moved.
. helpers.bash
. keeper.bash
. rootfs.bash

mkdir -p first/etc other/etc
head -c 3000000 /dev/urandom >first/etc/big; echo first >first/etc/name; echo other >other/etc/name
for i in {1..400}; do echo "$i" >"first/etc/$i"; done
tar -C first -czf first.tar.gz .; tar -C other -cf other.tar .
"$casfs" create "$store"; image a first.tar.gz; image b other.tar
"$casfs" mount -o keeper,image=a "$store" "$mnt"
exec 5<"$mnt/etc/name" 6<"$mnt/etc/big"
head -c 1000000 <&6 >copy
(cd "$mnt/etc" && exec 7<. && exec sleep 1000) & waiting=$!
"$casfs" ref put --force "$store" a "$("$casfs" ref get "$store" b | jq -r .digest)"
times=$(stat -c '%n %y' "$mnt" "$mnt/etc")
for _ in 1 2; do
  kill_server
  assert_eq "$(stat -c '%n %y' "$mnt" "$mnt/etc")" "$times"
  assert_eq "$(cat "$mnt/etc/name")" first
  diff -r first "$mnt"
  assert_eq "$(cd "/proc/$waiting/cwd" && cat name)" first
done
assert_eq "$("$casfs" reload "$mnt" | wc -l)" 1
assert_eq "$(stat -c '%n %y' "$mnt" "$mnt/etc")" "$times"
head -c 1000000 <&6 >>copy
suspend "$(daemon_pid)"
cat "$mnt/etc/big" >whole & reader=$!
kill -KILL "$(server_pid)"
wait $reader; cmp whole first/etc/big
cat <&6 >>copy; cmp copy first/etc/big; assert_eq "$(cat <&5)" first
assert_eq "$("$casfs" status --json "$mnt" | jq -c '[.restarts, .reloads, .read_only]')" "[3,1,true]"
assert_fails "Read-only" touch "$mnt/new"
kill $waiting; wait $waiting || true; exec 5<&- 6<&-
"$casfs" unmount "$mnt"
"$casfs" mount -o keeper,image=a "$store" "$mnt"; assert_eq "$(cat "$mnt/etc/name")" other
"$casfs" unmount "$mnt"

# An image that cannot be shown is the error of the mount.
"$casfs" blob rm "$store" "sha256:$(sha256 other.tar)"
assert_fails "$(sha256 other.tar): not found" "$casfs" mount -o keeper,image=a "$store" "$mnt"
assert_eq "$(grep -c " $mnt " /proc/self/mountinfo || true)" 0
