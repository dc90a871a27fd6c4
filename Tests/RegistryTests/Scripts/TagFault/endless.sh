#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v0 v1; on='GET .*/tags/list'
assert_listing_fails() { assert_fails "$1" timeout 20 "$casfs" ref ls "$repository"; assert_fails "$host/app" "$casfs" ref ls "$repository"; clear_faults; }
next() { inject_fault "{\"on\": \"$on\", \"times\": -1, \"claim\": {\"Link\": \"<$1>; rel=\\\"next\\\"\"}}"; }
next '/v2/app/tags/list?n=2&last=v0'; assert_listing_fails 'tags'
next "http://127.0.0.2:$storage/v2/app/tags/list"; assert_listing_fails 'next page'; assert_eq "$(count_requests '.port == "storage"')" 0
next 'file:///etc/passwd'; assert_listing_fails 'next page'
for body in '<html>' '[1' '' '[]' '{"tags": 7}'; do
  inject_fault "$(jq -nc --arg b "$body" --arg on "$on" '{$on, times: -1, replace: $b}')"
  timeout 20 "$casfs" ref ls "$repository" >out 2>err || assert_eq "$(wc -l <err)" 1
  assert_eq "$(wc -c <out)" 0; clear_faults
done
inject_fault "$(jq -nc --arg on "$on" '{$on, times: -1, replace: ("[" * 100000)}')"; assert_listing_fails 'tags'
assert_eq "$("$casfs" ref ls "$repository" | wc -l)" 2
