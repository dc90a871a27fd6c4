#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token; credentials "$top/.docker/config.json" "$host" writer pass-writer
# 192.0.2.1 is reserved for documentation; nothing may be sent there.
for realm in http://192.0.2.1/token ftp://127.0.0.1/x file:///etc/passwd 'x y' ''; do
  configure "$(jq -nc --arg r "$realm" '{realm: $r}')"
  [ -n "$realm" ] || inject_fault '{"on": "GET", "times": -1, "status": 401, "headers": {"WWW-Authenticate": "Bearer"}}'
  assert_fails "$host/app" timeout 4 "$casfs" ref ls "$repository"
done
