#!/bin/bash
. registry.bash
start_test_registry main '{"page": 1}'

make_image a 10; push_image a v0 v1
show_error() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.casfs.error").decode())' "$1"; }
show_no_error() { ! show_error "$mnt/refs" 2>/dev/null; }
"$casfs" ref get "$repository" v1 >tag
# answer PATTERN HEADERS BODY: the list of tags is BODY.
answer() {
  inject_fault "$(jq -nc --arg on "GET .*/tags/list$1" --argjson c "$2" --arg b "$3" '{$on, times: -1, claim: $c, replace: $b}')"
}
# assert_refused HINT: the tags are not listed, for a reason with the hint, and are found by name.
assert_refused() {
  assert_fails "malformed list of tags$1" "$casfs" ref ls "$repository"; "$casfs" ref get "$repository" v1 | cmp - tag
  "$casfs" mount "$repository" "$mnt"
  assert_eq "$(ls "$mnt/refs" "$mnt/images" | grep -c v1 || true)" 0
  for path in refs images; do show_error "$mnt/$path" | grep -qF "$host/app: malformed list of tags$1"; done
  cmp tag "$mnt/refs/v1"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; test ! -e "$mnt/refs/none"
  clear_faults; eventually show_no_error; ls "$mnt/refs" | grep -qx v1
  "$casfs" unmount "$mnt"
}
answer '' '{"Content-Type": "text/html; charset=utf-8"}' '<html>'; assert_refused ' (text/html)'
answer '.*last=' '{"Content-Type": "text/html"}' '<html>'; assert_refused ' (text/html)'
answer '' '{"Content-Encoding": "gzip"}' 'x'; assert_refused ' (application/json, Content-Encoding: gzip)'
for body in '[]' '{}' '{"tags": {}}' '{"tags": "v1"}' '{"name": "app", "tags": 7}' '7' ''; do
  answer '' '{"Content-Type": null}' "$body"
  assert_fails 'malformed list of tags' "$casfs" ref ls "$repository"; clear_faults
done
answer '' '{"Link": null}' '{"name": "app", "tags": null}'; assert_eq "$("$casfs" ref ls "$repository")" ''
answer '' '{"Link": null}' '{"name": "app"}'; assert_eq "$("$casfs" ref ls "$repository")" ''
"$casfs" mount "$repository" "$mnt"; assert_eq "$(ls "$mnt/refs")" ''; show_no_error
"$casfs" unmount "$mnt"
