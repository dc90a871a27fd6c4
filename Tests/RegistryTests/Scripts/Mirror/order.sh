#!/bin/bash
. registry.bash
. mirrors.bash

make_image a; make_image b; a_layer=$layer a_manifest=$manifest
make_image a2 5000; other=$manifest
start_test_registry first; first=$host; push_image a latest; push_image a2 moved; clear_log
start_test_registry second; second=$host; push_image b latest; clear_log
start_test_registry main; main_host=$host; push_image a latest; push_image b new; push_image b moved; clear_log
U=docker://upstream.example/app
mirrored "$main_host" "$first" "$second"
# The list is the registry's own; a tag is the first mirror's.
assert_eq "$("$casfs" ref ls $U | paste -sd ' ')" 'latest moved new'
assert_eq "$(requests first '.target | contains("tags/list")')" 0; assert_eq "$(requests main '.target | contains("tags/list")')" 1
"$casfs" ref get $U moved | grep -q "$other"
assert_eq "$(skopeo --registries-conf registries.conf inspect --raw $U:moved | sha256sum | cut -d ' ' -f 1)" "$other"
# A tag that no mirror has is the registry's, and its content comes from the mirror that has it.
"$casfs" ref get $U new >/dev/null
use_registry main; clear_log; use_registry second; clear_log
"$casfs" blob get $U "sha256:$layer" | cmp - "a2/blobs/sha256/$layer"
forget
"$casfs" mount $U "$mnt"; cmp "$mnt/blobs/sha256/$a_layer" "b/blobs/sha256/$a_layer"
assert_eq "$(requests main '.method == "GET" and (.target | contains("blobs"))')" 0
# A put goes to the registry itself, even if a mirror has the content, and a tag is then read from there.
cp "a2/blobs/sha256/$layer" "$mnt/incoming/x"; use_registry main; has_blob "$layer"
"$casfs" unmount "$mnt"
"$casfs" ref put --force $U moved "sha256:$a_manifest"
use_registry main; assert_eq "$(tag_digest moved)" "sha256:$a_manifest"
use_registry first; assert_eq "$(tag_digest moved)" "sha256:$other"; assert_eq "$(requests first '.method != "GET" and .method != "HEAD"')" 0
# A copy to it uploads what only the mirror has.
make_image c; use_registry first; push_image c extra; forget
"$casfs" copy c latest $U c; use_registry main; has_blob "$layer"; has_blob "$config"; assert_eq "$(tag_digest c)" "sha256:$manifest"
# Mirrors for digests only, and for tags only.
mirrored "$main_host" "$first,digest-only" "$second,tag-only"; forget
requests first true >/dev/null; requests second true >/dev/null
"$casfs" ref get $U latest | grep -q "$a_manifest"
assert_eq "$(requests first '.target | contains("latest")')" 0
[ "$(requests second '.target | contains("latest")')" != 0 ]
forget; "$casfs" blob get $U "sha256:$a_layer" | cmp - "b/blobs/sha256/$a_layer"; assert_eq "$(requests second true)" 0
