#!/bin/bash
. helpers.bash

i=$mnt/incoming; blobs=$mnt/blobs/sha512
echo right >right; long=$(sha512sum <right | cut -c 1-128); wrong=$(printf %0128d 1)
cp right "$i/x"
assert_fails "Bad message" mv "$i/x" "$blobs/$wrong"
assert_fails "Bad message" mv "$i/x" "$i/sha512:$wrong"
assert_committed x right; assert_eq "$(ls "$store/blobs/sha512")" ''
mv "$i/x" "$blobs/$long"; assert_absent x
cmp "$blobs/$long" right; cmp "$store/blobs/sha512/$long" right
# Within incoming the name stays, in both directions.
cp right "$i/y"; mv "$i/y" "$i/sha512:$long"; assert_absent y
assert_eq "$(readlink "$mnt/committed/sha512:$long")" "../blobs/sha512/$long"
cmp "$i/sha512:$long" right
assert_eq "$(getfattr --only-values -n user.casfs.digest "$i/sha512:$long")" "sha512:$long"
mv "$i/sha512:$long" "$i/$(sha256 right)"; assert_committed "$(sha256 right)" right
mv "$i/$(sha256 right)" "$mnt/blobs/sha256/$(sha256 right)"
# RENAME_NOREPLACE keeps an existing blob, and creates an absent one.
cp right "$i/z"; mv -n "$i/z" "$blobs/$long"; assert_committed z right
echo more >extra; cp extra "$i/z"; mv -n "$i/z" "$blobs/$(sha512sum <extra | cut -c 1-128)"; assert_absent z
assert_eq "$(ls "$blobs" | wc -l)" 2
# An open file is hashed by the algorithm of its first name.
exec 3>"$i/w"; echo right >&3
assert_fails "not supported" mv "$i/w" "$i/sha512:$long"
exec 3>&-; assert_committed w right
