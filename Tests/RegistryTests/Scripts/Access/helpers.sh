#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; users token; mkdir -p bin .docker run/containers; export PATH=$top/bin:$PATH top
# helper NAME LINE: writes a credential helper.
helper() { printf '#!/bin/sh\n%s\n' "$2" >"bin/docker-credential-$1"; chmod +x "bin/docker-credential-$1"; }
# shellcheck disable=SC2016 # the helpers expand it
helper good 'echo "$@" $(cat) >>"$top/asked"; printf "{\"Username\":\"writer\",\"Secret\":\"%s\"}" "$(cat "$top/secret")"'
helper nothing 'echo credentials not found in native keychain; exit 1'
helper failing 'echo a-secret; echo a-secret >&2; exit 1'
helper huge 'head -c 3000000 /dev/zero | tr "\0" a'
helper html 'echo a-secret'
echo pass-writer >secret
for file in .docker/config.json run/containers/auth.json; do
  : >asked; jq -n --arg h "$host" '{credHelpers: {($h): "good"}, credsStore: "missing"}' >$file
  assert_eq "$("$casfs" ref ls "$repository" 2>&1)" v1
  "$casfs" copy "$repository" v1 "$repository" v2 >/dev/null; "$casfs" ref rm "$repository" v2
  # Once for each of the three commands, though one of them opens the repository twice.
  assert_eq "$(cat asked)" "$(printf 'get %s\n' "$host" "$host" "$host")"
  rm $file
done
# The password changes while the repository is mounted.
echo '{"credsStore": "good"}' >.docker/config.json; "$casfs" mount -f -d "$repository" "$mnt" >log 2>&1 & mount=$!
eventually test -d "$mnt/refs"; cat "$mnt/refs/v1" >/dev/null
configure '{"users": {"writer": ["pass-other", "pull,push"]}}'; echo pass-other >secret
curl -sSf -X POST "http://127.0.0.1:$control/expire"
cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; "$casfs" unmount "$mnt"; wait $mount
grep pass- log && fail "a secret was told"
# The same for a registry with passwords, which may answer 403.
users basic; echo pass-writer >secret; "$casfs" mount "$repository" "$mnt"; cat "$mnt/refs/v1" >/dev/null
for status in 401 403; do
  configure '{"users": {"writer": ["pass-'$status'", "pull,push"]}}'; echo pass-$status >secret
  [ $status = 401 ] || inject_fault '{"on": "[A-Z]* /v2/app", "status": 403}'
  echo $status >b; cp b "$mnt/incoming/b$status"; test -e "main/blobs/sha256:$(sha256 b)"
done
"$casfs" unmount "$mnt"; users token; echo pass-writer >secret
# A helper without credentials does not keep anyone from a public repository. A failure is said once.
configure '{"public": ["app"]}'
for name in nothing failing huge html missing ../bin/docker-credential-good; do
  jq -n --arg h "$host" --arg n "$name" '{auths: {($h): {}}, credsStore: $n}' >.docker/config.json
  assert_eq "$("$casfs" copy "$repository" v1 "$repository" v2 2>&1 >/dev/null | grep -c 'permission denied')" 1
  assert_eq "$("$casfs" ref ls "$repository" 2>said)" v1
  assert_eq "$(grep -c 'casfs: credential helper docker-credential-' said || true)" "$([ $name = nothing ] && echo 0 || echo 1)"
  grep a-secret said && fail "a secret was told"; true
done
# The refusal of a registry names both.
configure '{"public": ["other"]}'
for name in failing missing; do
  jq -n --arg n "$name" '{credsStore: $n}' >.docker/config.json
  assert_fails 'registry answered 401: UNAUTHORIZED' "$casfs" ref ls "$repository"
  assert_fails "docker-credential-$name: " "$casfs" ref ls "$repository" 2>/dev/null
  said=$("$casfs" ref ls "$repository" 2>&1 >/dev/null | grep 'permission denied') || true
  case $said in *"; credential helper docker-credential-$name: "*) ;; *) fail "$said" ;; esac
done
