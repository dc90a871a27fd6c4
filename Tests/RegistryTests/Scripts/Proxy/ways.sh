#!/bin/bash
# HTTPS goes through a tunnel, plain HTTP in the absolute form; token servers and storage by rules of their own.
. registry.bash
. certificates.bash
. proxy.bash

authority ca; certificate server ca DNS:registry.example,DNS:tokens.example,IP:127.0.0.1
make_image a
start_test_registry tls '{"tls": ["server.crt", "server.key"], "access": "token", "users": {"u": ["p", "pull,push"]},
  "anonymous": "pull", "realm": "https://tokens.example/token"}'
start_proxy tunnel '{"target": "'"$host"'", "credentials": "me:se@cret"}'
export SSL_CERT_FILE=$top/ca.crt
for variable in HTTPS_PROXY https_proxy; do
  : >tunnel/log; rm -rf cache
  env "$variable=http://me:se%40cret@$proxy" "$casfs" ref ls docker://registry.example/app >list 2>&1 || grep -q NAME_UNKNOWN list
  grep -qx 'CONNECT registry.example:443 HTTP/1.1 \[me:se@cret\]' tunnel/log
  grep -q '^CONNECT tokens.example:443 ' tunnel/log
done
# The token server is an exception, and the address of the proxy's target is the machine itself.
: >tunnel/log
HTTPS_PROXY=http://me:se%40cret@$proxy NO_PROXY=tokens.example assert_fails 'host not found' "$casfs" ref ls docker://registry.example/app
assert_eq "$(grep -c tokens tunnel/log)" 0; grep -q '^CONNECT registry.example:443 ' tunnel/log

start_test_registry plain; start_proxy forward '{"target": "'"$host"'", "credentials": "me:word"}'
export HTTP_PROXY=me:word@$proxy XDG_CACHE_HOME=$top/other
"$casfs" copy a latest docker+http://registry.example/app v1
assert_eq "$("$casfs" ref ls docker+http://registry.example/app)" v1
"$casfs" mount docker+http://registry.example/app "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; "$casfs" unmount "$mnt"
grep -q '^GET http://registry.example/v2/ HTTP/1.1 \[me:word\]' forward/log
assert_eq "$(grep -c '^CONNECT' forward/log)" 0
# The server sees neither the proxy's credentials nor the absolute form.
assert_eq "$(count_requests '.target | startswith("/") | not')" 0; assert_eq "$(count_requests '.authorization != null')" 0
# This machine is reached directly.
: >forward/log; assert_eq "$("$casfs" ref ls "docker+http://$host/app")" v1; assert_eq "$(wc -l <forward/log)" 0

start_proxy socks '{"target": "'"$host"'", "socks": true}'
assert_eq "$(HTTP_PROXY=socks5h://$proxy "$casfs" ref ls docker+http://registry.example/app)" v1
grep -qx 'SOCKS registry.example:80' socks/log
