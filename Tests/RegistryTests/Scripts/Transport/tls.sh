#!/bin/bash
. registry.bash
. certificates.bash

authority ca; authority strangers
certificate good ca IP:127.0.0.1; certificate named ca DNS:elsewhere.example; certificate strange strangers IP:127.0.0.1
make_image a
secure good good
assert_fails 'certificate' "$casfs" ref ls "$repository"; assert_fails "$host/app" "$casfs" ref ls "$repository"
assert_eq "$(count_requests true)" 0
trust ca; "$casfs" copy a latest "$repository" v1; assert_eq "$("$casfs" ref ls "$repository")" v1
curl -sSf --cacert ca.crt "https://$host/v2/app/tags/list" | jq -e '.tags == ["v1"]' >/dev/null
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
head -c 3000000 /dev/urandom >b; cp b "$mnt/incoming/b"; test -e "good/blobs/sha256:$(sha256 b)"
"$casfs" unmount "$mnt"
secure named named; trust ca; assert_fails TLS "$casfs" ref ls "$repository"
secure strange strange; trust ca; assert_fails 'certificate' "$casfs" ref ls "$repository"
trust strangers; assert_fails NAME_UNKNOWN "$casfs" ref ls "$repository"
