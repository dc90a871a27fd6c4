#!/bin/bash
. registry.bash

# The server ends with its standard input.
mkfifo input; python3 -B "${registry_program%/*}/habits.py" port <input & exec 9>input
eventually test -e port; host=127.0.0.1:$(cat port)
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 400)' >layer; head -c 280000 /dev/urandom >new
for habit in head-blob/without-length head-blob/405 head-manifest/403 blob/moved-to-what-knows-get tags/unlisted-page tags/501 \
  start/moved-307 upload/limited upload/moved-to-another-host put-manifest/not-yet-once put-manifest/maintained-once; do
  name=$habit/app; "$casfs" mount "docker://$host/$name" "$mnt"
  cmp layer "$mnt/images/v1/layers/00"; jq -r .digest "$mnt/refs/v1" >tag
  cp new "$mnt/incoming/new"; cp tag "$mnt/refs/new"
  curl -sSf "http://$host/state/$name" >state
  assert_eq "$(jq -r --arg new "sha256:$(sha256 new)" '.blobs[$new]' state)" "sha256:$(sha256 new)"
  assert_eq "$(jq -r '[.tags.new, .tags.v1, .tags.kept] | unique | .[]' state)" "$(cat tag)"
  [ "$(jq -r --arg kind "${habit%/*}" '.counts[$kind]' state)" -gt 0 ] || fail "$habit: it was not asked"
  "$casfs" unmount "$mnt"; rm -rf cache
done
exec 9>&-
