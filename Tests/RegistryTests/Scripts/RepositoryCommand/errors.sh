#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1
# assert_reports STATUS TEXT… -- ARGUMENTS…: casfs exits with the status, and prints one line that contains the texts.
assert_reports() {
  local words=() want=$1 word status=0; shift
  while [ "$1" != -- ]; do words+=("$1"); shift; done; shift
  "$casfs" "$@" >out 2>err </dev/null || status=$?
  assert_eq $status "$want"; assert_eq "$(wc -c <out)" 0
  if [ "$want" = 1 ]; then assert_eq "$(wc -l <err)" 1; fi
  for word in "${words[@]}"; do grep -qF -- "$word" err || fail "$*: said '$(cat err)', not '$word'"; done
}
assert_reports 1 "$host/app" MANIFEST_UNKNOWN 'manifest unknown' -- blob get "$repository" none || true
assert_reports 1 "$host/none" 404 NAME_UNKNOWN -- ref ls "docker://$host/none"
assert_reports 1 127.0.0.1:1/app refused -- ref ls docker://127.0.0.1:1/app
assert_reports 1 lower-case -- ref ls "docker://$host/App"
assert_reports 1 port -- ref ls docker://127.0.0.1:99999/app
assert_reports 1 HOST -- ref ls docker://registry.test
assert_reports 64 docker://docker.io/library/app -- ref ls docker://app
inject_fault '{"on": "GET .*/manifests/v1", "status": 403, "body": "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not yours\"}]}"}'
assert_reports 1 "$host/app" 403 'not yours' -- blob get "$repository" v1
inject_fault '{"on": "GET .*/tags/list", "status": 418, "body": "\u001b[31mteapot", "times": -1}'
assert_reports 1 "$host/app" 418 -- ref ls "$repository"
grep -q $'\e' err && fail "it said what a terminal takes for a command"
inject_fault '{"on": "POST .*/uploads/", "status": 507, "body": "{\"errors\":[{\"code\":\"FULL\",\"message\":\"no room\"}]}"}'
assert_reports 1 "$host/app" 507 'no room' -- blob put "$repository" a/index.json
