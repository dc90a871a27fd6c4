#!/bin/bash
. registry.bash
. credentials.bash
start_registry main

make_image a; push_image a v1; head -c 200000 /dev/urandom >b; blob=$(upload_blob b)
users basic; credentials "$top/.docker/config.json" "$host" writer pass-writer
credentials "$top/.docker/config.json" 127.0.0.3 other pass-other
configure '{"redirect": "storage"}'; clear_log
"$casfs" mount "$repository" "$mnt"; cmp "$mnt/blobs/sha256/$blob" b; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"
[ "$(count_requests '.port == "storage" and .method == "GET"')" -ge 2 ]
assert_eq "$(count_requests '.port == "storage" and .authorization != null')" 0
assert_eq "$(count_requests '.authorization != null and (.authorization | contains("'"$(echo -n other:pass-other | base64)"'"))')" 0
[ "$(count_requests '.port == "main" and .authorization != null')" -ge 2 ]
inject_fault '{"on": "POST .*/uploads/", "times": -1, "status": 202, "headers": {"Location": "http://127.0.0.2:'"$storage"'/x"}}'
head -c 100000 /dev/urandom >c; cp c "$mnt/incoming/c" 2>/dev/null && fail "it went through"
assert_eq "$(count_requests '.port == "storage" and .authorization != null')" 0; clear_faults
# Another port is another registry.
start_test_registry other; users basic; assert_fails "$host/app" "$casfs" ref ls "$repository"
assert_eq "$(count_requests '.authorization != null')" 0
