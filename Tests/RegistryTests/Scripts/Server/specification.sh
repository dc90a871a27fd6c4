#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1 v2 v3 v4 v5; configure '{"page":2}'
curl -s -D head "$plain/tags/list" | jq -e '.tags == ["v1", "v2"]' >/dev/null
grep -qF 'Link: </v2/app/tags/list?n=2&last=v2>; rel="next"' head
assert_eq "$(skopeo inspect --tls-verify=false "docker://$host/app:v1" | jq -c .RepoTags)" '["v1","v2","v3","v4","v5"]'
curl -sf -X DELETE "$plain/manifests/v1"; assert_eq "$(tag_digest v1)" ''; assert_eq "$(tag_digest v2)" "sha256:$manifest"
configure '{"deletes_tags":false}'
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$plain/manifests/v2")" 405
assert_eq "$(tag_digest v2)" "sha256:$manifest"
start() { curl -s -D - -o /dev/null -X POST "$plain/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p'; }
echo x >x; place=http://$host$(start)
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Range: 5-6' --data-binary @x "$place")" 416
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Range: 0-1' --data-binary @x "$place")" 202
curl -s -D - -o /dev/null "$place" | tr -d '\r' | grep -qx 'Range: 0-1'
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$place&digest=sha256:$layer")" 400
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "http://$host$(start)&digest=sha256:$(sha256 x)" -T x)" 201
assert_eq "$(curl -s "$plain/manifests/none" | jq -r '.errors[0].code')" MANIFEST_UNKNOWN
