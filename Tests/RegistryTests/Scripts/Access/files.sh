#!/bin/bash
. registry.bash
. credentials.bash
: "${access:?}"
start_registry main

make_image a; push_image a v1; users "$access"
assert_fails "$host/app" "$casfs" ref ls "$repository"
for file in $top/run/containers/auth.json $top/.config/containers/auth.json $top/.docker/config.json $top/else/auth.json; do
  credentials "$file" "$host" writer pass-writer
  if [ "$file" = "$top/else/auth.json" ]; then export REGISTRY_AUTH_FILE=$file; fi
  assert_eq "$("$casfs" ref ls "$repository")" v1
  rm "$file"
  assert_fails "$host/app" "$casfs" ref ls "$repository"
done
unset REGISTRY_AUTH_FILE
# Credentials of the repository precede those of the host.
credentials "$top/.docker/config.json" "$host" writer wrong; credentials "$top/.docker/config.json" "$host/app" writer pass-writer
assert_eq "$("$casfs" ref ls "$repository")" v1
echo b >b; "$casfs" blob put "$repository" b >/dev/null; "$casfs" ref put "$repository" v2 "sha256:$manifest"
"$casfs" ref rm "$repository" v1; assert_eq "$("$casfs" ref ls "$repository")" v2
