#!/bin/bash
. registry.bash
. credentials.bash
: "${access:?}"
start_registry main

make_image a; push_image a v1; users "$access"; credentials "$top/.docker/config.json" "$host" writer pass-writer
"$casfs" mount -f -d "$repository" "$mnt" >log 2>&1 & mount=$!
eventually test -d "$mnt/refs"
cat "$mnt/refs/v1"; echo b >b; cp b "$mnt/incoming/b"; "$casfs" status "$mnt" >>log; "$casfs" status --json "$mnt" >>log
inject_fault '{"on": "GET .*/blobs/", "status": 500, "times": -1}'; cat "$mnt/images/v1/layers/00" 2>>log && fail "served"
"$casfs" blob get "$repository" "sha256:$layer" 2>>log && fail "served"; clear_faults
for status in 401 403; do
  inject_fault '{"on": "GET .*/blobs/", "status": '$status', "times": -1}'
  "$casfs" blob get "$repository" "sha256:$layer" 2>>log && fail "served"; clear_faults
done
tr '\0' ' ' </proc/$mount/cmdline >>log; tr '\0' '\n' </proc/$mount/environ >>log; cat /proc/self/mountinfo >>log
find cache run -type f -exec cat {} + >>log
"$casfs" unmount "$mnt"; wait $mount; test -s log
{ jq -r '.authorization // empty' main/log | cut -d ' ' -f 2; echo pass-writer; } | sort -u >secrets
[ "$(wc -l <secrets)" -ge 2 ]
grep -F -f secrets log && fail "a secret was told"; true
