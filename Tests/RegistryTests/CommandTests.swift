import TestSupport
import Testing

/// The command line on repositories.
@Suite(.needs(.tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct CommandTests {
  @Test("E4, E7, E11: blobs are put, read and listed, and are what another client sees", arguments: Servers.allCases)
  func blobs(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1 v2
      is "$("$casfs" blob ls $repository | sort | tr '\\n' ' ')" \
        "$(printf 'sha256:%s\\n' $config $layer $manifest | sort | tr '\\n' ' ')"
      for blob in $config $layer $manifest; do
        "$casfs" blob get $repository sha256:$blob | cmp - a/blobs/sha256/$blob
      done
      "$casfs" blob get $repository v2 | cmp - a/blobs/sha256/$manifest
      head -c 3000000 /dev/urandom >b; : >empty
      is "$("$casfs" blob put $repository b empty | tr '\\n' ' ')" "sha256:$(hex b) sha256:$(hex empty) "
      curl -s $plain/blobs/sha256:$(hex b) | cmp - b; has $(hex empty)
      "$casfs" blob put $repository b >/dev/null
      "$casfs" blob get $repository sha256:$(hex b) | cmp - b
      # By a client that has nothing in its cache.
      XDG_CACHE_HOME=$top/other "$casfs" blob get $repository sha256:$(hex b) | cmp - b
      refused 'sha256:00' "$casfs" blob get $repository sha256:$(printf %064d 0)
      """)
  }

  @Test("E10: a blob that is removed is gone, once and again", arguments: Servers.allCases)
  func removal(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1; echo b >b; upload b >/dev/null
      "$casfs" blob get $repository sha256:$(hex b) | cmp - b
      "$casfs" blob rm $repository sha256:$(hex b)
      has $(hex b) && fail "it is still there"
      refused $(hex b) "$casfs" blob get $repository sha256:$(hex b)
      "$casfs" blob rm $repository sha256:$(hex b)
      is "$(tagged v1)" sha256:$manifest
      """)
  }

  @Test(
    "E8, E9: references are tags: given once, moved by force, never to what is no manifest", arguments: Servers.allCases
  )
  func references(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1; first=$manifest; image b; push b v2; second=$manifest
      is "$("$casfs" ref ls $repository | sort | tr '\\n' ' ')" 'v1 v2 '
      is "$("$casfs" ref get $repository v1 | jq -c '[.mediaType, .digest, .size]')" \
        "[\\"application/vnd.oci.image.manifest.v1+json\\",\\"sha256:$first\\",$(stat -c %s a/blobs/sha256/$first)]"
      "$casfs" ref put $repository v3 sha256:$first; is "$(tagged v3)" sha256:$first
      "$casfs" ref put $repository v3 sha256:$first
      refused 'taken' "$casfs" ref put $repository v3 sha256:$second; is "$(tagged v3)" sha256:$first
      "$casfs" ref put --force $repository v3 sha256:$second; is "$(tagged v3)" sha256:$second
      refused $host/app "$casfs" ref put $repository v4 sha256:$layer; is "$(tagged v4)" ''
      refused $(printf %064d 0) "$casfs" ref put $repository v4 sha256:$(printf %064d 0)
      refused 'a/b' "$casfs" ref put $repository a/b sha256:$first
      refused none "$casfs" ref get $repository none
      is "$(tags)" 'v1 v2 v3'
      # A manifest that was put as a blob is pushed as what it is.
      jq -c '.annotations = {a: "b"}' <a/blobs/sha256/$first >m
      "$casfs" ref put $repository v5 $("$casfs" blob put $repository m); is "$(tagged v5)" sha256:$(hex m)
      skopeo inspect --raw --tls-verify=false docker://$host/app:v5 | cmp - m
      """)
  }

  @Test("E10: a tag is removed by its name and takes no other along")
  func untagged() throws {
    try ScriptedMount().check(
      .own,
      """
      image a; push a v1 v2
      "$casfs" ref rm $repository v1; is "$(tags)" v2; is "$(tagged v2)" sha256:$manifest
      "$casfs" ref rm $repository v1; "$casfs" ref rm $repository none
      is "$(asked '.method == "DELETE" and (.target | contains("sha256:"))')" 0
      is "$("$casfs" ref ls $repository)" v2
      """)
  }

  @Test("E10, E15: a registry that cannot remove a tag keeps all of them, and says so", arguments: Servers.allCases)
  func noRemoval(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1 v2
      if [ \(server) != genuine ]; then forget; fi
      if [ \(server) = own ]; then settings '{"deletes_tags": false}'; fi
      said=$("$casfs" ref rm $repository v1 2>&1) && fail "removed"
      case $said in casfs:*"$host/app"*) ;; *) fail "said: $said" ;; esac
      is "$(wc -l <<<"$said")" 1
      is "$(tags)" 'v1 v2'; is "$(tagged v1)" sha256:$manifest
      if [ \(server) != genuine ]; then is "$(asked '.method == "DELETE" and (.target | contains("sha256:"))')" 0; fi
      """)
  }

  @Test(
    "E8: images are copied in, out and across, and what is there is not copied again",
    arguments: [Servers.own, .proxied])
  func copies(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a 2000000; "$casfs" copy a latest $repository v1
      is "$(tagged v1)" sha256:$manifest
      skopeo_copy docker://$host/app:v1 oci:out:v1
      for blob in $layer $config $manifest; do cmp a/blobs/sha256/$blob out/blobs/sha256/$blob; done
      forget; "$casfs" copy a latest $repository v1; "$casfs" copy a latest $repository v2
      is "$(asked '.method == "PATCH" or .method == "POST"')" 0; is "$(tags)" 'v1 v2'
      "$casfs" create back; "$casfs" copy $repository v2 back latest; "$casfs" fsck back
      for blob in $layer $config $manifest; do cmp a/blobs/sha256/$blob back/blobs/sha256/$blob; done
      first=$repository; own other; "$casfs" copy $first v1 $repository
      is "$(tagged v1)" sha256:$manifest; has $layer
      image b; refused 'taken' "$casfs" copy b latest $repository v1
      "$casfs" copy --force b latest $repository v1; is "$(tagged v1)" sha256:$manifest
      """)
  }

  @Test("E8: a copy that failed leaves no tag, and goes on where it was when it is repeated")
  func interrupted() throws {
    try ScriptedMount().check(
      .own,
      """
      image a 500000; image b 3000000; second=$layer
      jq -c --slurpfile other b/blobs/sha256/$manifest '.layers += $other[0].layers' <a/blobs/sha256/$(jq -r .manifests[0].digest a/index.json | cut -d : -f 2) >m
      cp b/blobs/sha256/$second a/blobs/sha256/; "$casfs" ref put --force a both $("$casfs" blob put a m)
      fault '{"on": "PUT .*digest=", "skip": 1, "times": -1, "take": 1000}'
      refused $host/app "$casfs" copy a both $repository; is "$(ls main/blobs | wc -l)" 1; mend
      fault '{"on": "PUT .*digest=", "skip": 1, "silent": 1}'; "$casfs" copy a both $repository & copy=$!
      there() { [ $(ls main/blobs | wc -l) -ge 2 ]; }
      eventually there; kill -KILL $copy; wait $copy 2>/dev/null || true; mend
      is "$(tags)" ''; kept=$(ls main/blobs); forget; "$casfs" copy a both $repository; is "$(tagged both)" sha256:$(hex m)
      for blob in $kept; do is "$(asked '.method == "PUT" and (.target | contains("'$blob'"))')" 0; done
      skopeo_copy docker://$host/app:both oci:out:both
      """)
  }

  @Test(
    "E12, C1: a repository is checked, cleaned and created like other stores, and garbage is the registry's own",
    arguments: [Servers.proxied, .own])
  func upkeep(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1
      "$casfs" fsck $repository; is "$("$casfs" clean $repository)" '0 removed'; is "$(tagged v1)" sha256:$manifest
      refused 'cannot remove safely' "$casfs" gc $repository; has $layer
      refused 'exists' "$casfs" create $repository
      fault '{"on": "GET .*/blobs/sha256:'$layer'", "times": -1, "flip": 10}'; export XDG_CACHE_HOME=$top/other
      status=0; "$casfs" fsck $repository >found 2>/dev/null || status=$?; is $status 1
      is "$(cut -f 1,2 found)" "$(printf 'corrupt\tsha256:%s' $layer)"; mend
      refused $host/new "$casfs" ref ls docker://$host/new
      "$casfs" create docker://$host/new; "$casfs" copy a latest docker://$host/new
      is "$("$casfs" ref ls docker://$host/new)" latest
      """)
  }

  @Test("E8: an index is copied with the images of all platforms", arguments: [Servers.genuine, .own])
  func index(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      "$casfs" create $store
      for arch in amd64 arm64; do
        image $arch; "$casfs" copy $arch latest $store $arch
        "$casfs" ref get $store $arch | jq -c --arg a $arch '.platform = {os: "linux", architecture: $a}' >>parts
      done
      jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <parts >index
      digest=$("$casfs" blob put $store index); "$casfs" ref put $store all $digest
      "$casfs" copy $store all $repository; is "$(skopeo inspect --raw --tls-verify=false docker://$host/app:all | hex /dev/stdin)" $(hex index)
      skopeo --insecure-policy copy -q --all --src-tls-verify=false docker://$host/app:all oci:out:all
      is "$(ls out/blobs/sha256)" "$(ls $store/blobs/sha256)"
      is "$("$casfs" blob ls $repository | sort)" "$("$casfs" blob ls $store | sort)"
      "$casfs" create back; "$casfs" copy $repository all back; "$casfs" fsck back
      is "$(ls back/blobs/sha256)" "$(ls $store/blobs/sha256)"
      """)
  }

  @Test("C1: what cannot be done is one line that names host, repository and what the server said")
  func errors() throws {
    try ScriptedMount().check(
      .own,
      """
      image a; push a v1
      # tells STATUS WORD… -- COMMAND…: it fails with the status and one line that has the words
      tells() {
        local words=() want=$1 word status=0; shift
        while [ "$1" != -- ]; do words+=("$1"); shift; done; shift
        "$casfs" "$@" >out 2>err </dev/null || status=$?
        is $status $want; is $(wc -c <out) 0
        if [ $want = 1 ]; then is $(wc -l <err) 1; fi
        for word in "${words[@]}"; do grep -qF -- "$word" err || fail "$*: said '$(cat err)', not '$word'"; done
      }
      tells 1 $host/app MANIFEST_UNKNOWN 'manifest unknown' -- blob get $repository none || true
      tells 1 $host/none 404 NAME_UNKNOWN -- ref ls docker://$host/none
      tells 1 127.0.0.1:1/app refused -- ref ls docker://127.0.0.1:1/app
      tells 1 lower-case -- ref ls docker://$host/App
      tells 1 port -- ref ls docker://127.0.0.1:99999/app
      tells 1 HOST -- ref ls docker://app
      fault '{"on": "GET .*/manifests/v1", "status": 403, "body": "{\\"errors\\":[{\\"code\\":\\"DENIED\\",\\"message\\":\\"not yours\\"}]}"}'
      tells 1 $host/app 403 'not yours' -- blob get $repository v1
      fault '{"on": "GET .*/tags/list", "status": 418, "body": "\\u001b[31mteapot", "times": -1}'
      tells 1 $host/app 418 -- ref ls $repository
      grep -q $'\\e' err && fail "it said what a terminal takes for a command"
      fault '{"on": "POST .*/uploads/", "status": 507, "body": "{\\"errors\\":[{\\"code\\":\\"FULL\\",\\"message\\":\\"no room\\"}]}"}'
      tells 1 $host/app 507 'no room' -- blob put $repository a/index.json
      """)
  }
}
