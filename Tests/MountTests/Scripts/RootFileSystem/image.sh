#!/bin/bash
. helpers.bash
. rootfs.bash

# A lower layer with every kind of file that a user can make, and an upper one that changes some.
mkdir -p lower/{bin,etc,gone/deep,var/lib} upper/{etc,new}
echo one >lower/etc/one; ln lower/etc/one lower/etc/linked; ln -s ../etc/one lower/bin/link
ln -s $'no-\xff-utf8' lower/bin/other; echo name >"lower/etc/"$'name\n\xfe'; mkfifo lower/var/fifo
: >"lower/etc/"$'back\\slash \t \x85 \xc2\x85 \u2028 \u00e9'; ln -s 'x -> y' 'lower/etc/from -> to'
seq 200000 >lower/var/lib/long; echo secret >lower/etc/secret; echo gone >lower/gone/deep/file
truncate -s 3M lower/var/sparse; echo end >>lower/var/sparse
chmod 4755 lower/etc/one; chmod 1777 lower/var; setfattr -n user.a -v value lower/etc/one lower/var
touch -d '2020-02-02 02:02:02.123456789' lower/etc/one lower/bin lower/var
echo two >upper/etc/two; : >upper/etc/.wh.secret; : >upper/.wh.gone; seq 100000 -1 1 >upper/new/down
pack() { tar -C "$1" --format=pax --xattrs --sort=name --sparse -cf "$1.tar" .; }
pack lower; pack upper; gzip -k lower.tar
"$casfs" create "$store"
image a lower.tar.gz upper.tar

# The tree that the two layers make.
mkdir tree; tar -C tree --xattrs -xpf lower.tar; rm -r tree/etc/secret tree/gone
tar -C tree --xattrs --exclude '.wh.*' -xpf upper.tar
"$casfs" mount "$store" "$mnt"
rootfs=$mnt/images/a/rootfs
ls "$rootfs" >/dev/null
cmp <(listed "$rootfs") <(listed tree); cmp <(hashed "$rootfs") <(hashed tree)
cmp <(attributes_of "$rootfs") <(attributes_of tree)
stat -c %A "$rootfs/var/fifo" | grep -q ^p
assert_eq "$(getfattr --only-values -n user.casfs.layer "$rootfs/new/down" "$rootfs/bin/link" 2>/dev/null)" 0100
assert_eq "$(stat -c %i "$rootfs/etc/one")" "$(stat -c %i "$rootfs/etc/linked")"
assert_eq "$(grep -rl secret "$mnt/images/a/diffs")" "$mnt/images/a/diffs/00/etc/secret"
test -f "$mnt/images/a/diffs/01/etc/.wh.secret"
assert_fails "Read-only" touch "$rootfs/etc/one"; assert_fails "Read-only" rm "$rootfs/etc/one"
assert_fails "Read-only" mkdir "$rootfs/x"; assert_fails "Read-only" chmod 0 "$rootfs/etc"

# A line of image ls is one file, and has all bytes of its name.
"$casfs" image ls "$store" a >lines
while read -r _ _ _ _ line; do line=${line%% -> *}; printf '%b\0' "${line%/}"; done <lines | LC_ALL=C sort -z >names
cmp names <(cd "$rootfs" && find . \( -name . -printf '.\0' -o -printf '%P\0' \) | LC_ALL=C sort -z)
assert_eq "$("$casfs" image ls "$store" a $'etc/name\n\xfe' | cut -d ' ' -f 5)" 'etc/name\n\376'
assert_eq "$("$casfs" image cat "$store" a $'/etc/name\n\xfe')" name
assert_fails 'print file etc/no\n\377: not found' "$casfs" image cat "$store" a $'etc/no\n\xff'

# tar reads from the mount what export writes.
mkdir exported copied
"$casfs" image export "$store" a | tar -C exported -xpf -
tar -C "$rootfs" --format=pax -cf - . | tar -C copied -xpf -
cmp <(listed copied) <(listed exported); cmp <(hashed copied) <(hashed exported)

# The numbers of inodes are those of every mount, and a second mount decodes what it reads.
numbers=$(cd "$rootfs" && find . -mindepth 1 -printf '%i\n')
"$casfs" unmount "$mnt"; "$casfs" mount "$store" "$mnt"
assert_eq "$(cd "$rootfs" && find . -mindepth 1 -printf '%i\n')" "$numbers"

# Fifty readers.
for _ in {1..50}; do sha256sum <"$rootfs/var/lib/long" & done >sums; wait
assert_eq "$(sort -u sums | wc -l) $(wc -l <sums)" "1 50"
