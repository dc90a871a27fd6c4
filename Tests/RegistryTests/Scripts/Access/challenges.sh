#!/bin/bash
. registry.bash
. credentials.bash
make_image a
credentials "$top/.docker/config.json" 127.0.0.9 none none

# open_registry SETTINGS: starts a registry with the image, and then requires tokens.
open_registry() {
  start_test_registry "r$((++number))"; push_image a v1
  configure "$(jq -nc --argjson s "$1" '{access: "token", users: {writer: ["pass-writer", "pull,push,delete"]}} + $s')"
  credentials "$top/.docker/config.json" "$host" writer pass-writer
}
number=0
while read -r challenges; do
  open_registry "$(jq -nc --arg c "$challenges" '{$c} | {challenges: .c}')"
  assert_eq "$("$casfs" ref ls "$repository")" v1
  echo "$number" >b; "$casfs" blob put "$repository" b >/dev/null
  "$casfs" ref put "$repository" v2 "sha256:$manifest"
done <<'C'
Basic realm="x", Bearer realm="{realm}",service="registry"
Bearer realm="{realm}",service="registry",scope="{scope}", Basic realm="x"
Negotiate, bearer scope="{scope} repository:other:pull" , Realm="{realm}?account=1"
Bearer realm="/token", Bearer realm={realm}
C
# The name of the repository in scopes is another one: a request leads to a token of its own challenge.
for denial in 401 403; do
  open_registry '{"inner": {"app": "team/inner"}, "placeholder": "repository:user/image:pull", "denial": '$denial'}'
  clear_log; assert_eq "$("$casfs" ref ls "$repository")" v1
  assert_eq "$(count_requests '.target | test("^/token.*team%2Finner")')" 1
  assert_eq "$(count_requests '.target | test("user")')" 0
  echo "$number" >b; "$casfs" blob put "$repository" b >/dev/null
  # A caller without permission is refused after one token of each scope.
  configure '{"users": {"writer": ["pass-writer", "pull"]}}'; clear_log; echo "more $number" >b
  assert_fails "registry answered $denial" "$casfs" blob put "$repository" b
  [ "$(count_requests '.target | test("^/token.*push")')" -le 2 ]
done
# Nothing can be asked of a relative realm.
open_registry '{"challenges": "Bearer realm=\"/token\",service=\"registry\""}'
assert_fails 'no valid realm' "$casfs" ref ls "$repository"
assert_eq "$(count_requests '.target | startswith("/token")')" 0
