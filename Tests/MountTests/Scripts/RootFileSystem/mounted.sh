#!/bin/bash
. helpers.bash
. rootfs.bash

# The lower layer can run a shell: it has the program and its libraries.
mkdir -p lower/{bin,etc} upper/etc upper/srv
cp -L /bin/sh lower/bin/sh
for library in $(ldd /bin/sh | grep -o '/[^ ]*'); do install -D "$(readlink -f "$library")" "lower$library"; done
echo one >lower/etc/one; echo two >upper/etc/two; : >upper/etc/.wh.one; chmod 700 upper/srv
tar -C lower -czf lower.tar.gz .; tar -C upper -cf upper.tar .
"$casfs" create "$store"; image a lower.tar.gz upper.tar
"$casfs" mount -o image=a "$store" "$mnt"
assert_eq "$(ls "$mnt")" "$(printf 'bin\netc\n%s' "$(ls lower | grep -vx 'bin\|etc'; echo srv)")"
assert_eq "$(stat -c '%i %a %U' "$mnt") $(stat -c %a "$mnt/srv")" "1 755 root 700"
# shellcheck disable=SC2016 # The shell in the image expands it.
assert_eq "$(chroot "$mnt" /bin/sh -c 'read -r line </etc/two && echo "read $line"')" "read two"
assert_fails "Read-only" touch "$mnt/new"
mkdir bound changed work merged
mount -o bind "$mnt" bound; cmp bound/etc/two upper/etc/two; umount bound
mount -t overlay overlay -o "lowerdir=$mnt,upperdir=changed,workdir=work" merged
echo more >>merged/etc/two; rm merged/srv -r
assert_eq "$(cat merged/etc/two; ls merged/etc; ls changed)" "$(printf 'two\nmore\ntwo\netc\nsrv')"
umount merged
assert_eq "$(cat "$mnt/etc/two")" two
assert_eq "$("$casfs" status --json "$mnt" | jq .read_only)" true

# The kernel opens files without requests, and sends their reads without a handle.
for file in lower/bin/sh upper/etc/two; do
  python3 "$scripts/../read_every_way.py" "$mnt/${file#*/}" "$file"
done
exec 3<"$mnt/etc/two"; assert_eq "$(cat <&3)" two; exec 3<&-
cp --sparse=always "$mnt/bin/sh" copy; cmp copy lower/bin/sh
assert_eq "$("$casfs" status --json "$mnt" | jq -c '[.counters.opens, .open_files]')" "[0,0]"
python3 "$scripts/../attempt_writes.py" "$mnt/etc/two"
python3 "$scripts/remount.py" "$mnt"
assert_fails "Read-only" dd if=lower/etc/one of="$mnt/etc/two" conv=notrunc
assert_fails "Read-only" dd if=lower/etc/one of="$mnt/etc/two"
assert_fails "Read-only" truncate -s 0 "$mnt/etc/two"; assert_fails "Read-only" touch "$mnt/new"
assert_eq "$(cat "$mnt/etc/two")" two
"$casfs" unmount "$mnt"

# Other names, and images that have no file system.
digest=$("$casfs" ref get "$store" a | jq -r .digest)
"$casfs" mount -o "image=$digest,layer_cache_size=0" "$store" "$mnt"; cmp "$mnt/etc/two" upper/etc/two
"$casfs" unmount "$mnt"
assert_fails "not found" "$casfs" mount -o image=b "$store" "$mnt"
assert_fails "platform needs image" "$casfs" mount -o platform=linux/arm64 "$store" "$mnt"
described config text/plain | "$casfs" ref put "$store" c -
assert_fails "casfs: open image" "$casfs" mount -o image=c "$store" "$mnt"
assert_fails "" mountpoint "$mnt"
