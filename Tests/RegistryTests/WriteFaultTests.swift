import TestSupport
import Testing

/// What goes wrong while blobs and manifests are written.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct WriteFaultTests {
  /// The faults of the request that begins an upload are marked so; others are of those that have the content.
  private static let cases = [
    FaultCase("begin: 500 twice", .done, #""status": 500, "times": 2"#),
    FaultCase("begin: 500 always", .eio, #""status": 500, "times": -1"#),
    FaultCase("begin: no answer once", .done, #""refuse": true"#),
    FaultCase("begin: no place", .eio, #""claim": {"Location": null}, "times": -1"#),
    FaultCase("begin: a place that is no URL", .eio, #""claim": {"Location": "file:///tmp/x"}, "times": -1"#),
    FaultCase("cut once", .done, #""take": 1000"#),
    FaultCase("cut always", .eio, #""take": 1000, "times": -1"#),
    FaultCase("no answer", .done, #""lost": true"#),
    FaultCase("503 once", .done, #""status": 503"#),
    FaultCase("503 always", .eio, #""status": 503, "times": -1"#),
    FaultCase("429 with Retry-After", .done, #""status": 429, "headers": {"Retry-After": "1"}"#),
    FaultCase("507 always", .eio, #""status": 507, "times": -1"#),
    FaultCase(
      "another digest acknowledged", .eio,
      #""claim": {"Docker-Content-Digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000"}, "times": -1"#
    ),
    FaultCase("accepted and not stored", .eio, #""status": 201, "times": -1"#),
  ]

  @Test(
    "I2, E4: close fails when the registry has not taken the blob, and nothing of it is there",
    arguments: [Servers.own, .proxied])
  func uploads(server: Servers) throws {
    try ScriptedMount().check(
      server,
      #"""
      image a; push a v1
      # A registry of its own for each, for the place of an upload does not tell whose it is.
      behind=$(. main/ports; echo 127.0.0.1:$main)
      trial() {
        local name=${1//[^a-z0-9]/-} verb='(PUT|PATCH)' on
        own own-$name '{"upstream": "'$behind'"}'
        case $1 in begin*) verb=POST ;; esac
        on="$verb .*/blobs/uploads/"; fault "{\"on\": \"$on\", $3}"
        mkdir mnt-$name; "$casfs" mount $repository mnt-$name
        for round in 1 2; do
          head -c 1000000 /dev/urandom >$name.file
          if cp $name.file mnt-$name/incoming/f 2>$name.said; then
            [ $2 != eio ] || fail "$1: it went through"
            use main; has $(hex $name.file) || fail "$1: it is not there"; use own-$name
            cmp mnt-$name/blobs/sha256/$(hex $name.file) $name.file
          else
            [ $2 != done ] || fail "$1: $(cat $name.said)"
            grep -q 'Input/output error' $name.said || fail "$1: $(cat $name.said)"
            eventually test ! -e mnt-$name/incoming/f; test ! -L mnt-$name/committed/f
            # What is stored and called something else cannot be taken back.
            if [[ $1 != another* ]]; then
              use main; has $(hex $name.file) && fail "$1: it is there"; use own-$name
              test ! -e mnt-$name/blobs/sha256/$(hex $name.file) || fail "$1: it is shown"
            fi
          fi
          # Of a file that the registry cannot have by now.
          head -c 1000000 /dev/urandom >$name.other
          if "$casfs" blob put $repository $name.other >$name.out 2>$name.said; then [ $2 != eio ] || fail "$1: it was put"
          else [ ! -s $name.out ]; is "$(wc -l <$name.said)" 1; grep -q "^casfs: .*$host/app" $name.said || fail "$1: $(cat $name.said)"; fi
        done
        mend "$on"; cp $name.file mnt-$name/incoming/g; use main; has $(hex $name.file) || fail "$1: it is not there after all"
        "$casfs" unmount mnt-$name
        find cache -name $(hex $name.file) -size -1000000c | grep . && fail "$1: a part was kept"
        true
      }
      """# + "\n" + FaultCase.script(Self.cases), seconds: 150)
  }

  @Test("R2, E8: a tag that was not taken is an error, and the old one stays")
  func manifests() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; first=$manifest; image b; push b v2
      "$casfs" mount $repository $mnt
      none=sha256:$(printf %064d 0); echo sha256:$first >tag
      on='PUT .*/manifests/'
      n=10
      for what in '"status": 500' '"status": 507' '"refuse": true' '"take": 10' '"claim": {"Docker-Content-Digest": "'$none'"}'; do
        fault "{\"on\": \"$on\", \"times\": -1, $what}"; n=$((n + 2))
        refused 'Input/output error' cp tag $mnt/refs/v$n
        refused $host/app "$casfs" ref put $repository v$((n + 1)) sha256:$first
        mend
      done
      is "$(tagged v14)" ''; is "$(tagged v15)" ''
      fault "{\"on\": \"$on\", \"times\": -1, \"status\": 403}"
      refused 'Permission denied' cp tag $mnt/refs/v5; mend
      fault "{\"on\": \"$on\", \"status\": 503, \"times\": 2}"; echo sha256:$first >$mnt/refs/v6; is "$(tagged v6)" sha256:$first
      fault "{\"on\": \"$on\", \"lost\": true}"; echo sha256:$first >$mnt/refs/v7; is "$(tagged v7)" sha256:$first
      is "$(tagged v2)" sha256:$manifest
      """#)
  }
}
