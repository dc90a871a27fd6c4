#!/bin/bash
. registry.bash

ip link set lo up; ip address add 192.0.2.7/32 dev lo
start_test_registry main '{"address": "192.0.2.7"}'; host=192.0.2.7:$main
# The namespace has no other listener.
cat >tinyproxy.conf <<E
Port 8888
Listen 127.0.0.1
LogFile "$top/tinyproxy.log"
LogLevel Connect
BasicAuth me word
E
tinyproxy -d -c tinyproxy.conf >tinyproxy.output 2>&1 &
eventually curl -s -o /dev/null http://127.0.0.1:8888
make_image a
export HTTP_PROXY=http://me:word@127.0.0.1:8888
"$casfs" copy a latest "docker+http://$host/app" v1; assert_eq "$("$casfs" ref ls "docker+http://$host/app")" v1
grep -q "PUT http://$host/v2/app" tinyproxy.log
: >tinyproxy.log
NO_PROXY=192.0.2.0/24 "$casfs" ref ls "docker+http://$host/app"; assert_eq "$(grep -c Request tinyproxy.log)" 0
