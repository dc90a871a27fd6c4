#!/bin/bash
. registry.bash
: "${tenths:?}"
start_registry main

make_image a; push_image a v1; head -c 8000000 /dev/urandom >b; blob=$(upload_blob b)
inject_fault '{"on": "GET .*/blobs/", "slow": 0.0001, "times": -1}'
"$casfs" mount -o nokeeper "$repository" "$mnt"; daemon=$(daemon_pid)
(cat "$mnt/blobs/sha256/$blob" || true) >/dev/null 2>&1 &
sleep "0.$tenths"; kill -KILL "$daemon"; eventually has_exited "$daemon"; clear_faults
while read -r kept; do
  case ${kept##*/} in [0-9a-f]*) assert_eq "$(sha256 "$kept")" "${kept##*/}" ;; esac
done < <(find cache/casfs -type f -size +0 -path '*blobs/sha256/*')
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
