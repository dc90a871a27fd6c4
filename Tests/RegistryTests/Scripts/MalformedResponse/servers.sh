#!/bin/bash
. registry.bash

# assert_reported ANSWER TEXT [SCHEME]: casfs reports the answer of a server in one line with the text.
assert_reported() {
  rm -f port; python3 "$scripts/answer.py" "$1" & processes[server]=$!; eventually test -e port
  status=0; timeout 30 "$casfs" ref ls "${3:-docker+http}""://127.0.0.1:$(cat port)/app" >out 2>err || status=$?
  assert_eq "$1: $status" "$1: 1"; assert_eq "$(wc -l <err)" 1; grep -q "$2" err || fail "$1: $(cat err)"
  ! grep -E 'NIO|HTTPClient|BoringSSL|Error\(|/Sources/|\.build' err || fail "$1: $(cat err)"
  stop_registry server
}
for status in 099 000 001; do assert_reported "HTTP/1.1 $status X\r\nContent-Length: 0\r\n\r\n" 'malformed HTTP'; done
assert_reported 'SSH-2.0-x\r\n' 'malformed HTTP'
assert_reported 'HTTP/1.1 abc X\r\n\r\n' 'malformed HTTP'
# On loopback, plain HTTP is tried after a failed TLS handshake.
assert_reported 'HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n' 'answered 400' docker
assert_reported '\x15\x03\x03\x00\x02\x02\x28' 'TLS failed: sslv3 alert handshake failure' docker
