import TestSupport
import Testing

/// What goes wrong while blobs are read.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3"))) struct ReadFaultTests {
  private static let cases = [
    FaultCase("cut once", .done, #""cut": 1000"#),
    FaultCase("cut after each 100000 bytes", .done, #""cut": 100000, "times": -1"#),
    FaultCase("cut before the first byte, always", .eio, #""cut": 0, "times": -1"#),
    FaultCase("cut, and a range is answered with all of it", .done, #""cut": 200000, "whole": true, "times": 2"#),
    FaultCase("no answer twice", .done, #""refuse": true, "times": 2"#),
    FaultCase("no answer ever", .eio, #""refuse": true, "times": -1"#),
    FaultCase("500 twice", .done, #""status": 500, "times": 2"#),
    FaultCase("503 once", .done, #""status": 503"#),
    FaultCase("502 always", .eio, #""status": 502, "times": -1"#),
    FaultCase("429 with Retry-After", .done, #""status": 429, "headers": {"Retry-After": "1"}"#),
    FaultCase(
      "429 with a Retry-After of an hour", .eio, #""status": 429, "headers": {"Retry-After": "3600"}, "times": -1"#),
    FaultCase("a wrong byte, always", .eio, #""flip": 150000, "times": -1"#),
    FaultCase("a wrong byte once", .either, #""flip": 299999"#),
    FaultCase("a wrong byte, then cut", .either, #""flip": 10, "cut": 200000"#),
    FaultCase("short, always", .eio, #""drop": 5, "times": -1"#),
    FaultCase("short once", .done, #""drop": 5"#),
    FaultCase("long, always", .either, #""add": 5, "times": -1"#),
    FaultCase("other content", .eio, #""replace": "other", "times": -1"#),
    FaultCase("no content", .eio, #""replace": "", "times": -1"#),
    FaultCase("a length that is too small", .either, #""claim": {"Content-Length": "1000"}, "times": -1"#),
    FaultCase("a length that is too large", .either, #""claim": {"Content-Length": "300010"}, "times": -1"#),
    FaultCase("a length that is none", .eio, #""claim": {"Content-Length": "-1"}, "times": -1"#),
    FaultCase(
      "another digest in the header", .either, #""claim": {"Docker-Content-Digest": "sha256:00"}, "times": -1"#),
    FaultCase("slow", .done, #""slow": 0.005"#),
    FaultCase("late", .done, #""late": 1.5"#),
    FaultCase(
      "a redirection to nowhere", .eio, #""status": 307, "headers": {"Location": "http://127.0.0.1:1/"}, "times": -1"#),
    FaultCase("a redirection in a circle", .eio, #""status": 302, "headers": {"Location": "?x"}, "times": -1"#),
    FaultCase(
      "a redirection to a file", .eio, #""status": 302, "headers": {"Location": "file:///etc/passwd"}, "times": -1"#),
    FaultCase(
      "a part that was not asked for", .eio,
      #""status": 206, "headers": {"Content-Range": "bytes 7-9/10"}, "body": "abc", "times": -1"#),
  ]

  /// `trial TITLE OUTCOME FAULT`, with the word `read BLOB` that reads it.
  private static func words(_ read: String) -> String {
    #"""
    trial() {
      local name file hex on
      name=${1//[^a-z0-9]/-}; file=$name.file; head -c 300000 /dev/urandom >$file; hex=$(upload $file)
      on="GET .*(sha256:|app/)$hex"; fault "{\"on\": \"$on\", $3}"
      \#(read)
      begin
      if get >$name.got 2>$name.said; then
        [ $2 != eio ] || fail "$1: it was served"
        cmp $name.got $file || fail "$1: wrong content was served"
      else
        [ $2 != done ] || fail "$1: $(cat $name.said)"
        why || fail "$1: $(cat $name.said)"
        [ ! -s $name.got ] || fail "$1: $(wc -c <$name.got) bytes were served of what failed"
      fi
      for kept in $(find cache/casfs -name $hex); do cmp $kept $file || fail "$1: wrong content was kept"; done
      mend "$on"
      again() { get >$name.got 2>$name.said && cmp $name.got $file; }
      eventually again
      end
    }

    """#
  }

  @Test(
    "V1, V2, E7: through a mount: EIO or the right content, and good again when it is",
    arguments: [Servers.own, .proxied])
  func mounted(server: Servers) throws {
    try ScriptedMount().check(
      server,
      Self.words(
        """
        begin() { mkdir mnt-$name; "$casfs" mount $repository mnt-$name; }
        get() { cat mnt-$name/blobs/sha256/$hex; }
        why() { grep -q 'Input/output error' $name.said; }
        end() { "$casfs" unmount mnt-$name; }
        """) + "image a; push a v1\n" + FaultCase.script(Self.cases), seconds: 120)
  }

  @Test("V1, V2, C1: by a command: a line that says why, or the right content", arguments: [Servers.own, .proxied])
  func command(server: Servers) throws {
    try ScriptedMount().check(
      server,
      Self.words(
        """
        begin() { :; }
        get() { "$casfs" blob get $repository sha256:$hex; }
        why() { is "$(wc -l <$name.said)" 1; grep -q "^casfs: .*$host/app" $name.said; }
        end() { :; }
        """) + "image a; push a v1\n" + FaultCase.script(Self.cases), seconds: 120)
  }

  @Test("V4: without verification, what breaks is resumed or EIO, and parts are in their places")
  func unverified() throws {
    let cases = Self.cases.filter { !$0.title.contains("wrong byte") && !$0.title.contains("content") }
    try ScriptedMount().check(
      .own,
      Self.words(
        """
        begin() { mkdir mnt-$name; "$casfs" mount -o verify=none $repository mnt-$name; }
        # What was read before it broke is right, and is not looked at.
        get() {
          if cat mnt-$name/blobs/sha256/$hex >$name.part; then cat $name.part; return; fi
          cmp -n $(wc -c <$name.part) $name.part $file || fail "wrong content before the error"
          return 1
        }
        why() { grep -q 'Input/output error' $name.said; }
        end() { "$casfs" unmount mnt-$name; }
        """) + "image a; push a v1\n" + FaultCase.script(cases), seconds: 120)
  }

  @Test(
    "E7: a transfer that breaks goes on where it broke, and a registry in trouble is left in peace longer each time")
  func resumption() throws {
    try ScriptedMount().check(
      .own,
      #"""
      # What is still in the sockets' buffers, 10 MB at the most, may be lost with the connection.
      image a; push a v1; head -c 30000000 /dev/urandom >b; upload b >/dev/null; on='GET .*/blobs/'
      get() { "$casfs" blob get $repository sha256:$(hex b); }
      fault '{"on": "'"$on"'", "cut": 12000000, "times": 2}'; forget; get | cmp - b; mend
      is "$(asked '.method == "GET" and (.target | contains("blobs"))')" 3
      [ "$(sent '.target | contains("blobs")')" -lt 54000000 ] || fail "$(requests true)"
      requests '.range != null' | jq -se 'map(.range | ltrimstr("bytes=") | split("-")[0] | tonumber) | length == 2 and . == sort and .[0] > 0' >/dev/null
      # Attempts are few, and there is time between them.
      rm -rf cache; fault '{"on": "'"$on"'", "status": 503, "times": -1}'; forget; get 2>/dev/null && fail "served"; mend
      requests '.status == 503' | jq -se 'length >= 3 and length <= 8 and (last.at - first.at > 0.7)' >/dev/null || fail "$(requests true)"
      fault '{"on": "'"$on"'", "status": 429, "headers": {"Retry-After": "2"}}'; forget; get | cmp - b
      requests '.method == "GET" and (.target | contains("blobs"))' | jq -se 'length == 2 and last.at - first.at >= 2' >/dev/null
      """#)
  }

  @Test("E7: many readers at once take a few connections")
  func connections() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; "$casfs" mount $repository $mnt
      for i in {1..24}; do head -c 100000 /dev/urandom >b$i; upload b$i >/dev/null; done
      forget; fault '{"on": "GET .*/blobs/", "slow": 0.005, "times": -1}'
      for i in {1..24}; do cmp $mnt/blobs/sha256/$(hex b$i) b$i & readers[i]=$!; done
      for reader in "${readers[@]}"; do wait $reader; done
      requests true | jq -se '(map(.beside) | max) < 10' >/dev/null || fail "$(requests true | jq .beside | sort -n | tail -1) others at once"
      """#)
  }
}
