import TestSupport
import Testing

/// Registries whose tags and manifests are not what they should be.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct TagFaultTests {
  @Test("E11: tags come a page at a time, and all are there")
  func pages() throws {
    try ScriptedMount().check(
      .own,
      """
      image a 10; push a v0
      for i in {1..250}; do echo -n sha256:$manifest >main/repositories/app/_tags/t$i; done
      for page in 1000 100 7; do
        settings "{\\"page\\": $page}"; is "$("$casfs" ref ls $repository | wc -l)" 251
      done
      fault '{"on": "GET .*last=", "status": 503, "times": 2}'; is "$("$casfs" ref ls $repository | wc -l)" 251
      "$casfs" mount $repository $mnt; is "$(ls $mnt/refs | wc -l)" 251
      """)
  }

  @Test("E11: a list of tags that never ends, leads elsewhere or is none fails, in bounded time")
  func endless() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a 10; push a v0 v1; on='GET .*/tags/list'
      bad() { refused "$1" timeout 20 "$casfs" ref ls $repository; refused $host/app "$casfs" ref ls $repository; mend; }
      next() { fault "{\"on\": \"$on\", \"times\": -1, \"claim\": {\"Link\": \"<$1>; rel=\\\"next\\\"\"}}"; }
      next '/v2/app/tags/list?n=2&last=v0'; bad 'tags'
      next "http://127.0.0.2:$storage/v2/app/tags/list"; bad 'tags'; is "$(asked '.port == "storage"')" 0
      next 'file:///etc/passwd'; bad 'tags'
      for body in '<html>' '[1' '' '[]' '{"tags": 7}'; do
        fault "$(jq -nc --arg b "$body" --arg on "$on" '{$on, times: -1, replace: $b}')"
        timeout 20 "$casfs" ref ls $repository >out 2>err || is "$(wc -l <err)" 1
        is "$(wc -c <out)" 0; mend
      done
      fault "$(jq -nc --arg on "$on" '{$on, times: -1, replace: ("[" * 100000)}')"; bad 'tags'
      is "$("$casfs" ref ls $repository | wc -l)" 2
      """#)
  }

  @Test("D7, E11: names that are no tags are passed over, and lead nowhere")
  func hostile() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a 10; push a v1
      fault "$(jq -nc '{on: "GET .*/tags/list", times: -1, replace: ({name: "app", tags:
        ["..", ".", "", "../x", "a/b", "a/../../b", "x\ny", "x\u0000y", "\u001b[31mred", "-x", "v1", "v1", 7, null, ["v1"],
        "%2e%2e", "é", ("x" * 129), "v1?x", "v1#x"]} | tostring)}')"
      is "$("$casfs" ref ls $repository)" v1
      "$casfs" mount $repository $mnt; is "$(ls -a $mnt/refs | tr '\n' ' ')" '. .. v1 '
      is "$(ls $mnt/images)" v1
      cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest
      is "$(requests '.target | test("manifests/") and (test("manifests/(v1|sha256:)") | not)' | wc -l)" 0
      """#)
  }

  @Test("V2, E15: a manifest that is not what it is said to be is refused, and says why")
  func manifests() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a 10; push a v1
      on='(GET|HEAD) .*/manifests/'
      # bad WORD FAULT: neither a command nor a mount shows anything of it
      bad() {
        fault "{\"on\": \"$on\", \"times\": -1, $2}"
        refused "$1" "$casfs" blob get $repository v1
        mkdir -p m; "$casfs" mount $repository m
        for path in refs/v1 images/v1/manifest; do cat m/$path >got 2>/dev/null && fail "$1: $path is served"; is $(wc -c <got) 0; done
        mend; eventually cmp m/images/v1/manifest a/blobs/sha256/$manifest; "$casfs" unmount m
      }
      none=sha256:$(printf %064d 0)
      bad $manifest '"replace": "{}"'
      bad $none '"claim": {"Docker-Content-Digest": "'$none'"}'
      bad 'digest' '"claim": {"Docker-Content-Digest": "sha256:../../x"}'
      bad '500' '"status": 500'
      bad $host/app '"refuse": true'
      # A registry need not say a digest.
      fault "{\"on\": \"$on\", \"times\": -1, \"claim\": {\"Docker-Content-Digest\": null}}"
      "$casfs" blob get $repository v1 | cmp - a/blobs/sha256/$manifest
      "$casfs" mount $repository $mnt; cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest; mend
      """#)
  }

  @Test("E15: a manifest over 4 MiB is refused before it is read")
  func large() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a 10; push a v1
      jq -c '.annotations = {a: ("x" * 5000000)}' <a/blobs/sha256/$manifest >big
      curl -sSf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @big $plain/manifests/big
      is "$(tagged big)" sha256:$(hex big)
      refused '4 MiB' "$casfs" blob get $repository big
      "$casfs" mount $repository $mnt
      cat $mnt/refs/big $mnt/images/big/manifest 2>/dev/null | grep -q xxxx && fail "it is served"
      cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest
      ls $mnt/refs >/dev/null; "$casfs" ref ls $repository | grep -qx v1
      refused "longer than" "$casfs" ref put $repository v2 $("$casfs" blob put $repository big)
      """#)
  }
}
