#!/bin/bash
. registry.bash
. mirrors.bash

make_image a 300000
start_test_registry mirror; mirror=$host; push_image a latest; clear_log
start_test_registry main; main_host=$host; push_image a latest; clear_log
U=docker://upstream.example/app
mirrored "$main_host" "$mirror"
read_all() {
  forget; rm -rf "$top/copy"; "$casfs" create "$top/copy"; "$casfs" copy $U latest "$top/copy"
  cmp "$top/copy/blobs/sha256/$layer" "a/blobs/sha256/$layer"; "$casfs" fsck "$top/copy"
}
for fault in '"flip": 1000' '"cut": 100000' '"status": 403' '"refuse": true' '"drop": 5'; do
  use_registry mirror; inject_fault '{"on": "GET .*blobs/sha256:'"$layer"'", "times": -1, '"$fault"'}'
  read_all; use_registry mirror; clear_faults
done
# Wrong sizes, and manifests with another content.
use_registry mirror; inject_fault '{"on": "HEAD .*blobs", "times": -1, "claim": {"Content-Length": "7"}}'
"$casfs" blob get $U "sha256:$layer" >/dev/null; forget; "$casfs" blob get $U "sha256:$layer" | cmp - "a/blobs/sha256/$layer"
clear_faults; inject_fault '{"on": "GET .*manifests", "times": -1, "flip": 20}'; read_all; clear_faults
# All of the mirrors are away: the registry itself is enough, and so is a mirror.
mirrored "$main_host" 127.0.0.1:1 "$mirror" 127.0.0.1:2; stop_registry mirror; read_all
forget; stop_registry main
if "$casfs" blob get $U "sha256:$layer" 2>error; then fail 'succeeded without a registry'; fi
grep "$main_host/app: .*; mirrors failed: 127.0.0.1:1/app: .*; $mirror/app: .*; 127.0.0.1:2/app: " error
start_test_registry mirror; "$casfs" blob get $U "sha256:$layer" | cmp - "a/blobs/sha256/$layer"
"$casfs" ref get $U latest | grep -q "$manifest"; assert_eq "$("$casfs" ref ls $U)" latest
