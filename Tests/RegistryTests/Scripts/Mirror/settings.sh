#!/bin/bash
. registry.bash
. mirrors.bash
. certificates.bash

make_image a
start_test_registry mirror '{"access": "basic", "users": {"m": ["mirror", "pull"]}}'; mirror=$host
start_test_registry main '{"access": "token", "users": {"u": ["p", "pull,push"]}}'; main_host=$host
U=docker://upstream.example/team/app
printf '[[registry]]\nprefix = "upstream.example/team"\nlocation = "%s"\n[[registry.mirror]]\nlocation = "%s"\n' \
  "$main_host" "$mirror" >registries.conf
# Each registry gets the credentials for its own host.
auth() { jq -n --arg h "$1" --arg a "$(echo -n "$2" | base64)" '{($h): {auth: $a}}'; }
mkdir -p .docker; jq -s 'add | {auths: .}' <(auth "$main_host" u:p) <(auth "$mirror" m:mirror) <(auth upstream.example no:body) >.docker/config.json
"$casfs" copy a latest $U v1; "$casfs" ref get $U v1 | grep -q "$manifest"
use_registry mirror; secret=$(echo -n m:mirror | base64)
assert_eq "$(count_requests '.authorization != null and .authorization != "Basic '"$secret"'"')" 0
[ "$(count_requests '.authorization == "Basic '"$secret"'"')" != 0 ]
use_registry main; [ "$(count_requests '.target | startswith("/v2/app/manifests/v1")')" != 0 ]

# An insecure registry may have a certificate of any authority.
authority ca; certificate server ca IP:127.0.0.1; secure tls server
printf '[[registry]]\nlocation = "%s"\n' "$host" >registries.conf
assert_fails 'certificate verification failed' "$casfs" ref ls "$repository"
echo 'insecure = true' >>registries.conf; assert_fails NAME_UNKNOWN "$casfs" ref ls "$repository"

printf '[[registry]]\nlocation = "upstream.example"\nblocked = true\n' >registries.conf
assert_fails "registry blocked by $top/registries.conf, line 1: upstream.example" "$casfs" ref ls $U
printf '[[registry]]\n\nlocation = upstream.example\n' >registries.conf
assert_fails "invalid registries file $top/registries.conf, line 3: value: could not determine value type" "$casfs" ref ls $U
