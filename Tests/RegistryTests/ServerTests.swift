import TestSupport
import Testing

/// The registries that the other tests run against, and their faults, as skopeo and curl see them.
@Suite(.needs(.tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct ServerTests {
  @Test("E4, E9: another client pushes, lists, pulls and deletes", arguments: Servers.allCases)
  func client(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1 v2
      is "$(tags)" 'v1 v2'; is "$(tagged v1)" sha256:$manifest
      is "$(skopeo inspect --tls-verify=false docker://$host/app:v1 | jq -r .Digest)" sha256:$manifest
      skopeo_copy docker://$host/app:v2 oci:out:v2
      for blob in $layer $config $manifest; do cmp a/blobs/sha256/$blob out/blobs/sha256/$blob; done
      head -c 100000 /dev/urandom >b; is "$(upload b)" "$(hex b)"; has $(hex b)
      curl -s $plain/blobs/sha256:$(hex b) | cmp - b
      curl -s -r 10-19 $plain/blobs/sha256:$(hex b) | cmp - <(head -c 20 b | tail -c 10)
      is "$(curl -s -o /dev/null -w '%{http_code}' -r 200000- $plain/blobs/sha256:$(hex b))" 416
      # What skopeo deletes takes all its tags along.
      skopeo delete --tls-verify=false docker://$host/app:v1
      is "$(tags)" ''
      halt main; refused 'Failed to connect' curl -sSf http://$host/v2/
      before=$host; \(server.start); is $host $before; has $(hex b)
      """)
  }

  @Test("Tags are paged and deleted, and uploads are checked, as the specification says")
  func specification() throws {
    try ScriptedMount().check(
      .own,
      """
      image a; push a v1 v2 v3 v4 v5; settings '{"page":2}'
      curl -s -D head $plain/tags/list | jq -e '.tags == ["v1", "v2"]' >/dev/null
      grep -qF 'Link: </v2/app/tags/list?n=2&last=v2>; rel="next"' head
      is "$(skopeo inspect --tls-verify=false docker://$host/app:v1 | jq -c .RepoTags)" '["v1","v2","v3","v4","v5"]'
      curl -sf -X DELETE $plain/manifests/v1; is "$(tagged v1)" ''; is "$(tagged v2)" sha256:$manifest
      settings '{"deletes_tags":false}'
      is "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE $plain/manifests/v2)" 405
      is "$(tagged v2)" sha256:$manifest
      start() { curl -s -D - -o /dev/null -X POST $plain/blobs/uploads/ | tr -d '\\r' | sed -n 's/^Location: //p'; }
      echo x >x; place=http://$host$(start)
      is "$(curl -s -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Range: 5-6' --data-binary @x $place)" 416
      is "$(curl -s -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Range: 0-1' --data-binary @x $place)" 202
      curl -s -D - -o /dev/null $place | tr -d '\\r' | grep -qx 'Range: 0-1'
      is "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$place&digest=sha256:$layer")" 400
      is "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "http://$host$(start)&digest=sha256:$(hex x)" -T x)" 201
      is "$(curl -s $plain/manifests/none | jq -r '.errors[0].code')" MANIFEST_UNKNOWN
      """)
  }

  @Test("What is asked to go wrong does, as often as it was said", arguments: [Servers.own, .proxied])
  func faults(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      head -c 100000 /dev/urandom >b; blob=$plain/blobs/sha256:$(upload b)
      get() { curl -s -o got -w '%{http_code} %{size_download}' "$@" $blob || true; }
      fault '{"on": "GET .*/blobs/", "flip": 70000}'
      is "$(get)" '200 100000'; is "$(cmp -l got b | wc -l)" 1; is "$(get)" '200 100000'; cmp got b
      fault '{"on": "GET .*/blobs/", "cut": 1000, "times": 2}'
      is "$(get)" '200 1000'; is "$(get)" '200 1000'; is "$(get)" '200 100000'
      fault '{"on": "GET .*/blobs/", "status": 429, "headers": {"Retry-After": "1"}, "skip": 1}'
      is "$(get)" '200 100000'; is "$(get)" '429 0'; is "$(get)" '200 100000'
      fault '{"on": "GET .*/blobs/", "drop": 5}'; is "$(get)" '200 99995'
      fault '{"on": "GET .*/blobs/", "add": 5}'; is "$(get)" '200 100005'
      fault '{"on": "GET .*/blobs/", "claim": {"Content-Length": "10"}}'; is "$(get)" '200 10'
      fault '{"on": "GET .*/blobs/", "whole": true}'; is "$(get -r 10-19)" '200 100000'; is "$(get -r 10-19)" '206 10'
      fault '{"on": "GET .*/blobs/", "refuse": true}'; is "$(get)" '000 0'
      fault '{"on": "GET .*/blobs/", "slow": 0.001}'; is "$(get)" '200 100000'; cmp got b
      fault '{"on": "GET .*/blobs/", "replace": "other", "times": -1}'; is "$(get)" '200 5'; is "$(get)" '200 5'; mend
      is "$(get)" '200 100000'
      fault '{"on": "PUT .*/uploads/", "lost": true}'; echo x >x; upload x >/dev/null && fail "not lost"; has $(hex x)
      fault '{"on": "(PUT|PATCH) .*/uploads/", "take": 1000}'; head -c 3000000 /dev/urandom >c
      upload c >/dev/null && fail "not cut"; has $(hex c) && fail "it is whole"
      is "$(asked '.reason == "cut"')" 2
      """)
  }

  @Test("Tokens and passwords are asked for; redirects lead to another host")
  func access() throws {
    try ScriptedMount().check(
      .own,
      """
      settings '{"access": "token", "users": {"u": ["p", "pull,push"], "r": ["q", "pull"]}}'
      image a; refused unauthorized push a v1
      skopeo_copy --dest-creds u:p oci:a:latest docker://$host/app:v1
      refused unauthorized skopeo_copy --dest-creds r:q oci:a:latest docker://$host/app:v2
      skopeo inspect --creds r:q --tls-verify=false docker://$host/app:v1 | jq -e '.RepoTags == ["v1"]' >/dev/null
      settings '{"access": "basic", "redirect": "storage"}'; forget
      refused denied skopeo_copy --dest-creds r:q oci:a:latest docker://$host/app:v2
      skopeo_copy --src-creds r:q docker://$host/app:v1 oci:out:v1
      is "$(asked '.port == "storage" and .method == "GET"')" 2; is "$(asked '.port == "storage" and .authorization != null')" 0
      """)
  }
}
