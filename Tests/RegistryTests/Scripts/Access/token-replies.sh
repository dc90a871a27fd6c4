#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token; credentials "$top/.docker/config.json" "$host" reader pass-reader
for reply in '{"token": null}' '{"access_token": null, "expires_in": null}' '{"token": ""}' '{"expires_in": 0}' \
  '{"expires_in": "60", "issued_at": "2020-01-01T00:00:00.5Z"}'; do
  configure "{\"token_reply\": $reply}"; assert_eq "$("$casfs" ref ls "$repository")" v1
done
configure '{"token_reply": {}}'
# Faults that pass; a redirect keeps the query.
for fault in '"status": 429' '"status": 503' '"refuse": true' \
  '"status": 307, "headers": {"Location": "/token/moved?scope=repository:app:pull"}'; do
  clear_log; inject_fault '{"on": "GET /token", '"$fault"'}'
  assert_eq "$("$casfs" ref ls "$repository")" v1
  assert_eq "$(count_requests '.target | startswith("/token")')" 2
done
# Faults that stay are errors that name the server.
for fault in '"status": 200, "body": "<html>"' '"add": 2000000' '"status": 302' '"status": 404' \
  '"status": 302, "headers": {"Location": "/token"}' '"status": 302, "headers": {"Location": "http://192.0.2.1/token"}'; do
  inject_fault '{"on": "GET /token", "times": -1, '"$fault"'}'
  assert_fails 'token server' timeout 20 "$casfs" ref ls "$repository"; clear_faults
done
