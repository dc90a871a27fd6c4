#!/bin/bash
. helpers.bash

fails() {
  local status=$1 why=$2 got=0; shift 2
  "$casfs" "$@" >out 2>err || got=$?
  assert_eq $got "$status"; assert_eq "$(wc -l <err)" 1
  case $(cat err) in casfs:*"$why"*) ;; *) fail "said: $(cat err)" ;; esac
}
fails 1 "$store: No such file" mount "$store" "$mnt"
"$casfs" create "$store"; : >file; mkdir full; : >full/x; mkdir bad
fails 1 "No such file" mount "$store" absent
fails 1 "Not a directory" mount "$store" file
fails 1 "not empty" mount "$store" full
fails 1 "oci-layout" mount bad "$mnt"
for word in frobnicate rwx ro=1 verify=never umask=9 uid=x; do
  fails 64 "${word%%=*}" mount -o ro,$word "$store" "$mnt"
  fails 64 "${word%%=*}" mount -f -o $word "$store" "$mnt"
done
fails 64 "" mount "$store"
fails 1 "" unmount "$mnt"
fails 1 "" status "$mnt"
assert_eq "$(grep -c "$top" /proc/self/mountinfo || true)" 0
"$casfs" mount -o nonempty "$store" full; "$casfs" unmount full; [ -e full/x ]
"$casfs" mount "$store" "$mnt"
exec 3<"$mnt/index.json"; fails 1 "busy" unmount "$mnt"; exec 3<&-
