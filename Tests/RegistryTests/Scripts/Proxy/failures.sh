#!/bin/bash
# The errors of a proxy tell that it is one, and have no secret.
. registry.bash
. proxy.bash

# refused FILE TEXT URI: the command fails with a text, and without the secret.
refused() {
  if "$casfs" ref ls "$3registry.example/app" >"$1" 2>&1; then fail "succeeded: $1"; fi
  grep -qF -- "$2" "$1" || fail "$1: $(cat "$1")"
  if grep secret "$1"; then fail "$1 has the secret"; fi
}

checks=()
# check NAME TEXT [TEXT]: a tunnel through $proxy fails with the first text, plain HTTP with the last one. The checks run
# concurrently, because a request is repeated for seconds.
check() {
  (trap - EXIT; refused "$1.tunnel" "$2" docker://) & checks+=($!)
  (trap - EXIT; refused "$1.forward" "${3-$2}" docker+http://) & checks+=($!)
}
use() { export HTTPS_PROXY=http://me:secret@$proxy HTTP_PROXY=http://me:secret@$proxy; }

start_proxy others '{"target": "127.0.0.1:1", "credentials": "you:secret"}'; use
check rejected "proxy $proxy rejected the credentials of HTTP"
export HTTPS_PROXY=http://$proxy HTTP_PROXY=http://$proxy; check required "proxy $proxy requires credentials: HTTP"
start_proxy refusing '{"target": "127.0.0.1:1", "credentials": "me:secret", "habit": "refuse"}'; use
check refused "proxy $proxy refused the connection" "registry or proxy $proxy answered 403"
start_proxy failing '{"target": "127.0.0.1:1", "credentials": "me:secret", "habit": "fail"}'; use
check failed "proxy $proxy refused the connection" "registry or proxy $proxy answered 502"
start_proxy cutting '{"target": "127.0.0.1:1", "credentials": "me:secret", "habit": "cut"}'; use
check cut "(proxy $proxy)"
proxy=127.0.0.1:1; use; check absent "proxy 127.0.0.1:1: "
REQUEST_METHOD=GET check cgi "proxy $proxy: " 'untrusted HTTP_PROXY in a CGI program'
export HTTPS_PROXY=https://me:secret@$proxy HTTP_PROXY=ftp://me:secret@$proxy; check scheme HTTPS_PROXY HTTP_PROXY
for job in "${checks[@]}"; do wait "$job"; done
