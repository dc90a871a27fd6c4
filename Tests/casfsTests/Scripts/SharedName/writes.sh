#!/bin/bash
# Changes one name by every command that can, and expects the image of the other whole name.
. "${BASH_SOURCE[0]%/*}/images.bash"

new=$(echo other | "$casfs" blob put store)
cp -r store saved
restore() { rm -r store; cp -r saved store; }

"$casfs" ref rm store latest
assert_eq "$(names store)" "$whole/alpha:latest latest $whole/beta:latest"; assert_eq "$(tagged latest)" "$beta"
"$casfs" ref rm store latest
assert_eq "$(names store)" "$whole/alpha:latest $whole/beta:latest"
assert_eq "$(tagged $whole/alpha:latest)" "$alpha"
restore
"$casfs" ref rm store $whole/alpha:latest
assert_eq "$(names store)" "latest $whole/beta:latest"; assert_eq "$(tagged latest)" "$alpha"
restore
"$casfs" ref rm store $whole/beta:latest
assert_eq "$(names store)" latest; assert_eq "$(tagged latest)" "$alpha"
restore
"$casfs" ref put --force store latest "$new"
assert_eq "$(names store)" "latest $whole/alpha:latest $whole/beta:latest"; assert_eq "$(tagged latest)" "$new"
assert_eq "$(tagged $whole/alpha:latest)" "$alpha"; assert_eq "$(tagged $whole/beta:latest)" "$beta"
restore
"$casfs" ref put --force store $whole/beta:latest "$new"
assert_eq "$(tagged latest)" "$alpha"; assert_eq "$(tagged $whole/beta:latest)" "$new"
# The same again is success.
"$casfs" ref put store $whole/beta:latest "$new"
restore
if "$casfs" ref put store $whole/beta:latest "$new" 2>/dev/null; then exit 1; fi
assert_eq "$("$casfs" gc --grace 0 store)" "$new"
"$casfs" fsck store

# tar unpacks the members of docker save with the time 0, which no grace protects.
tar -cf saved.tar --mtime=@0 -C store .
mkdir unpacked; tar -xf saved.tar -C unpacked
"$casfs" ref rm unpacked latest
"$casfs" gc unpacked
for image in $whole/alpha:latest $whole/beta:latest; do "$casfs" blob get unpacked $image >/dev/null; done
"$casfs" fsck unpacked
echo 'done'
