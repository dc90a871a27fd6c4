#!/bin/bash
. helpers.bash
. hang.bash
: "${command:?}"

mkdir real below; bindfs -f --no-allow-other real below & below=$!; eventually grep -q "$top/below" /proc/self/mountinfo
trap 'kill -CONT $below; kill $below' EXIT
store=$top/below/store; seq 100 >small; "$casfs" create "$store"; "$casfs" blob put "$store" small
"$casfs" ref put "$store" a "sha256:$(sha256 small)"; "$casfs" mount "$store" "$mnt"; daemon=$(daemon_pid); export daemon
suspend $below
# Until the kernel's cached attributes expire.
sleep 1.1
assert_prompt "$casfs" status "$mnt"; assert_prompt ls "$mnt" "$mnt/incoming" "$mnt/committed"
for needing in "cat $mnt/blobs/sha256/$(sha256 small)" "ls $mnt/blobs/sha256" "ls $mnt/refs" "cp small $mnt/incoming/s" "df $mnt"; do
  # shellcheck disable=SC2086 # a command with its arguments
  assert_blocks $needing
done
assert_prompt "$casfs" status "$mnt"; assert_prompt ls "$mnt"
assert_prompt bash -c "$command"; eventually bash -c "! grep -q ' $mnt ' /proc/self/mountinfo"
kill -CONT $below; eventually has_exited "$daemon"
# No write was acknowledged.
assert_fsck_clean; assert_eq "$("$casfs" ref ls "$store")" a
