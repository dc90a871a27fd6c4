#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1
settings='{"access": "token", "public": ["app"], "placeholder": "repository:user/image:pull", "users": {"writer": ["pass-writer", "pull,push,delete"]}}'
configure "$settings"
assert_eq "$("$casfs" ref ls "$repository")" v1
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; "$casfs" unmount "$mnt"
# The token is for this repository and for reading.
assert_eq "$(logged_requests '.target | startswith("/token")' | jq -r .target | sort -u)" \
  '/token?service=registry&scope=repository%3Aapp%3Apull'
# The answer to GET /v2/ says nothing about the repository.
for probe in 401 403 404 405; do
  configure '{"probe": '$probe'}'; assert_eq "$("$casfs" ref ls "$repository")" v1
done
# A repository that is not public: the registry and the token server are named, and the account helps.
configure '{"public": ["other"]}'; clear_log
assert_fails "$host/app: permission denied: registry answered 401: UNAUTHORIZED" "$casfs" ref ls "$repository"
assert_fails 'token server 127.0.0.1 answered 401: UNAUTHORIZED' "$casfs" ref ls "$repository"
assert_fails 'permission denied' "$casfs" mount "$repository" "$mnt"
credentials "$top/.docker/config.json" "$host" writer pass-writer
assert_eq "$("$casfs" ref ls "$repository")" v1
# More than reading is asked for when something is put.
clear_log; echo b >b; "$casfs" blob put "$repository" b >/dev/null
logged_requests '.target | startswith("/token")' | jq -r .target | grep -q 'scope=repository%3Aapp%3Apull%2Cpush$'
assert_eq "$(count_requests '.target | test("delete|user")')" 0
