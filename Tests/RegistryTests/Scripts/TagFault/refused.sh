#!/bin/bash
. registry.bash
: "${fault:?}" "${word:?}" "${errno:?}"
start_registry main

make_image b 10; push_image b bad; other=$manifest other_layer=$layer
make_image a 10; push_image a v1
on='(GET|HEAD) .*/manifests/bad'; inject_fault "{\"on\": \"$on\", \"times\": -1, $fault}"

# The other tag is listed, checked and copied, and the error of this one is printed.
assert_eq "$("$casfs" ref ls "$repository" | sort | tr '\n' ' ')" 'bad v1 '
assert_fails "$word" "$casfs" ref ls -l "$repository"
"$casfs" ref ls -l "$repository" 2>/dev/null | cut -f 1,2 >listed || true; assert_eq "$(cat listed)" "v1	sha256:$manifest"
status=0; "$casfs" blob ls "$repository" >blobs 2>said || status=$?
grep -q "$layer" blobs; grep -q "$other_layer" blobs && fail "it lists what it cannot know"
if [ "$errno" = 'No such file' ]; then assert_eq $status 0; else assert_eq $status 1; grep -q "$host/app.*$word" said; fi
status=0; "$casfs" fsck "$repository" >found 2>said || status=$?; assert_eq $status 1
assert_eq "$(wc -l <found)" 1; grep -qE "^(unreadable|missing)	bad	.*$word" found || fail "$(cat found)"
"$casfs" create t; "$casfs" copy "$repository" v1 t

# show_error PATH: prints the reason that the path has.
show_error() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.casfs.error").decode())' "$1"; }
"$casfs" mount "$repository" "$mnt"
ls -l "$mnt/refs" "$mnt/images" >listed; assert_eq "$(ls "$mnt/refs" | tr '\n' ' ')" 'bad v1 '
assert_fails "$errno" cat "$mnt/refs/bad"; assert_eq "$(stat -c %s "$mnt/refs/bad")" 0; assert_eq "$(ls -A "$mnt/images/bad")" ''
for path in refs/bad images/bad; do show_error "$mnt/$path" | grep -q "$host/app.*$word" || fail "$path: $(show_error "$mnt/$path")"; done
assert_eq "$(jq -r '.manifests[].digest' "$mnt/index.json")" "sha256:$manifest"
ls "$mnt/blobs/sha256" >listed; grep -q "$layer" listed
skopeo_copy "oci:$mnt:v1" oci:copied:v1; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
assert_fails '' rm "$mnt/blobs/sha256/$layer"; has_blob "$layer"

# It is replaced and removed unread.
if [ "$errno" != 'No such file' ]; then assert_fails "$host/app" "$casfs" copy a latest "$repository" bad; fi
"$casfs" copy --force a latest "$repository" bad; clear_faults; assert_eq "$(tag_digest bad)" "sha256:$manifest"
inject_fault "{\"on\": \"$on\", \"times\": -1, $fault}"
"$casfs" ref put --force "$repository" bad "sha256:$other"; clear_faults; assert_eq "$(tag_digest bad)" "sha256:$other"
if [ "$errno" = 'Permission denied' ]; then
  inject_fault "{\"on\": \"$on\", \"times\": -1, $fault}"; "$casfs" ref rm "$repository" bad; clear_faults; assert_eq "$(tag_digest bad)" ''
fi
