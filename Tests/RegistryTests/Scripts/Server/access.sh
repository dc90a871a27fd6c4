#!/bin/bash
. registry.bash
start_registry main

configure '{"access": "token", "users": {"u": ["p", "pull,push"], "r": ["q", "pull"]}}'
make_image a; assert_fails unauthorized push_image a v1
skopeo_copy --dest-creds u:p oci:a:latest "docker://$host/app:v1"
assert_fails unauthorized skopeo_copy --dest-creds r:q oci:a:latest "docker://$host/app:v2"
skopeo inspect --creds r:q --tls-verify=false "docker://$host/app:v1" | jq -e '.RepoTags == ["v1"]' >/dev/null
configure '{"access": "basic", "redirect": "storage"}'; clear_log
assert_fails denied skopeo_copy --dest-creds r:q oci:a:latest "docker://$host/app:v2"
skopeo_copy --src-creds r:q "docker://$host/app:v1" oci:out:v1
assert_eq "$(count_requests '.port == "storage" and .method == "GET"')" 2; assert_eq "$(count_requests '.port == "storage" and .authorization != null')" 0
