#!/bin/bash
. registry.bash
. certificates.bash

ip link set lo up; ip address add 192.0.2.7/32 dev lo
authority ca; certificate good ca IP:192.0.2.7
start_test_registry main '{"address": "192.0.2.7", "tls": ["good.crt", "good.key"]}'; host=192.0.2.7:$main; repository=docker://$host/app
trust ca; make_image a; "$casfs" copy a latest "$repository" v1
configure '{"redirect": "storage"}'; rm -rf cache
assert_fails 'insecure redirect' "$casfs" blob get "$repository" "sha256:$layer"
assert_eq "$(count_requests '.port == "storage"')" 0
