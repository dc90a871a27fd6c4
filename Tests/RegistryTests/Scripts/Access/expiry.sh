#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token; configure '{"token_seconds": 1}'
credentials "$top/.docker/config.json" "$host" writer pass-writer
"$casfs" mount "$repository" "$mnt"
for i in 1 2 3; do
  curl -sSf -X POST "http://127.0.0.1:$control/expire"; echo $i >b; cp b "$mnt/incoming/b$i"
  echo "sha256:$manifest" >"$mnt/refs/t$i"; assert_eq "$(jq -r .digest "$mnt/refs/v1")" "sha256:$manifest"; sleep 0.4
done
# A token that expires early.
configure '{"token_seconds": 300}'; cat "$mnt/refs/v1" >/dev/null; clear_log
for i in 4 5 6; do
  curl -sSf -X POST "http://127.0.0.1:$control/expire"; head -c 3000000 /dev/urandom >b; cp b "$mnt/incoming/b$i"
  test -e "main/blobs/sha256:$(sha256 b)"
done
assert_eq "$("$casfs" status --json "$mnt" | jq .counters.failures)" 0
# One token per kind of access.
clear_log; for i in {1..10}; do echo "more$i" >b; cp b "$mnt/incoming/c$i"; done
[ "$(count_requests '.target | startswith("/token")')" -le 3 ] || fail "$(logged_requests '.target | startswith("/token")')"
