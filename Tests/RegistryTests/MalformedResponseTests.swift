import TestSupport
import Testing

/// Registries that say what makes no sense, or is not so.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct MalformedResponseTests {
  @Test("E15, M1: addresses that are none, to be led to, to send to and to get tokens from, are errors")
  func addresses() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; echo new >new; "$casfs" mount $repository $mnt
      for place in http://127.0.0.1:99999/ http://127.0.0.1:0/ http:///x //; do
        fault '{"on": "GET .*/blobs/", "times": -1, "status": 307, "headers": {"Location": "'$place'"}}'
        refused $host/app timeout 20 "$casfs" blob get $repository sha256:$layer
        refused 'Input/output error' timeout 20 cat $mnt/blobs/sha256/$layer; mend
        fault '{"on": "POST .*/uploads/", "times": -1, "status": 202, "headers": {"Location": "'$place'"}}'
        refused $host/app timeout 60 "$casfs" blob put $repository new; mend
        fault '{"on": "HEAD .*/blobs/", "times": -1, "status": 401,
          "headers": {"WWW-Authenticate": "Bearer realm=\"'$place'\""}}'
        refused $host/app timeout 20 "$casfs" blob get $repository sha256:$config; mend
      done
      cmp $mnt/blobs/sha256/$layer a/blobs/sha256/$layer
      """#, seconds: 120)
  }

  @Test("E15, C1: a server that speaks no HTTP is told of in one line, without names of the program's own")
  func servers() throws {
    try ScriptedMount().check(
      Servers.words + #"""
        cat >server.py <<'P'
        import os, socket, sys
        listener = socket.create_server(("127.0.0.1", 0))
        open("port.new", "w").write(str(listener.getsockname()[1])); os.rename("port.new", "port")
        answer = sys.argv[1].encode().decode("unicode_escape").encode("latin1")
        while True:
          connection, _ = listener.accept()
          connection.settimeout(5)
          try:
            connection.recv(65536); connection.sendall(answer); connection.close()
          except OSError: pass
        P
        # says ANSWER WORDS: what is said of a server that answers so
        says() {
          rm -f port; python3 -B server.py "$1" & processes[server]=$!; eventually test -e port
          status=0; timeout 30 "$casfs" ref ls ${3:-docker+http}://127.0.0.1:$(cat port)/app >out 2>err || status=$?
          is "$1: $status" "$1: 1"; is "$(wc -l <err)" 1; grep -q "$2" err || fail "$1: $(cat err)"
          ! grep -E 'NIO|HTTPClient|BoringSSL|Error\(|/Sources/|\.build' err || fail "$1: $(cat err)"
          halt server
        }
        for status in 099 000 001; do says "HTTP/1.1 $status X\r\nContent-Length: 0\r\n\r\n" 'no HTTP'; done
        says 'SSH-2.0-x\r\n' 'no HTTP'
        says 'HTTP/1.1 abc X\r\n\r\n' 'no HTTP'
        # Where TLS is not understood, plain HTTP is tried on this machine.
        says 'HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n' 'answered 400' docker
        says '\x15\x03\x03\x00\x02\x02\x28' 'TLS failed: sslv3 alert handshake failure' docker
        """#, seconds: 120)
  }

  @Test("E8, E10, R3: a tag that a registry says it took or deleted, and did not, is an error; mv loses none")
  func tags() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; "$casfs" mount $repository $mnt
      for status in 200 201 202 204; do
        fault '{"on": "PUT .*/manifests/", "status": '$status', "times": -1}'
        refused 'does not have it' "$casfs" ref put $repository x sha256:$manifest
        refused 'Input/output error' cp $mnt/refs/v1 $mnt/refs/y
        refused 'Input/output error' mv $mnt/refs/v1 $mnt/refs/z
        mend; is "$(tags)" v1
        fault '{"on": "DELETE .*/manifests/v1", "status": '$status', "times": -1}'
        refused 'has it still' "$casfs" ref rm $repository v1
        refused 'Input/output error' rm $mnt/refs/v1
        mend; is "$(tagged v1)" sha256:$manifest
      done
      mv $mnt/refs/v1 $mnt/refs/v2; is "$(tags)" v2
      """#, seconds: 120)
  }

  @Test("E14: a signal ends who waits for a registry to store a blob")
  func interrupts() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; echo new >new
      fault '{"on": "PUT .*/blobs/", "silent": 40}'
      status=0; timeout --foreground -s INT 1 timeout 30 env --default-signal=INT "$casfs" blob put $repository new >out || status=$?
      is "$(wc -c <out)" 0; [ $SECONDS -lt 25 ] || fail "it took $SECONDS seconds"
      """#)
  }
}
