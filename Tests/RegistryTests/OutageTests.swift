import TestSupport
import Testing

/// Registries that go away, and come back.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct OutageTests {
  @Test(
    "V1, I2: without its registry a mount fails with EIO in bounded time, what is kept is read, and it comes back",
    arguments: [Servers.genuine, .own])
  func gone(server: Servers) throws {
    try Workshop().check(
      server,
      #"""
      image a; push a v1
      head -c 1000000 /dev/urandom >b; head -c 1000000 /dev/urandom >c; upload b >/dev/null; upload c >/dev/null
      "$casfs" mount $repository $mnt
      cat $mnt/refs/v1 >/dev/null; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer; cmp $mnt/blobs/sha256/$(hex b) b
      halt main
      for i in 1 2; do
        cmp $mnt/blobs/sha256/$(hex b) b; cmp $mnt/blobs/sha256/$layer a/blobs/sha256/$layer
        refused 'Input/output error' timeout 20 cat $mnt/blobs/sha256/$(hex c)
        refused 'Input/output error' timeout 20 cp c $mnt/incoming/c; eventually test ! -e $mnt/incoming/c
        refused 'Input/output error' timeout 20 bash -c "echo sha256:$manifest >$mnt/refs/v2"
        refused $host/app timeout 20 "$casfs" blob put $repository c
      done
      timeout 20 ls $mnt $mnt/refs $mnt/blobs/sha256 $mnt/incoming >/dev/null 2>&1 || [ $? -ne 124 ]
      # A reader that waits is let go.
      timeout -s INT 1 cat $mnt/blobs/sha256/$(printf %064d 7) 2>/dev/null || true
      \#(server.start)
      back() { cmp $mnt/blobs/sha256/$(hex c) c && cp c $mnt/incoming/again && ls $mnt/refs | grep -qx v1; }
      eventually back
      cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest; has $(hex c)
      echo sha256:$manifest >$mnt/refs/v2; is "$(tagged v2)" sha256:$manifest
      "$casfs" unmount $mnt
      """#, seconds: 120)
  }

  @Test(
    "V1: a mount is made without its registry only when it can be told from a wrong one, and is unmounted at any time")
  func unmounting() throws {
    try Workshop().check(
      .own,
      #"""
      image a; push a v1; "$casfs" mount $repository $mnt; server=$(server); halt main
      timeout 20 "$casfs" unmount $mnt; gone $server
      refused $host/app timeout 30 "$casfs" mount $repository $mnt
      ! mountpoint -q $mnt
      """#)
  }

  @Test("V3, E14: who waits for a registry that says nothing is let go, by time or by a signal")
  func silent() throws {
    try Workshop().check(
      .own,
      #"""
      image a; push a v1; head -c 100000 /dev/urandom >b; upload b >/dev/null; cp b c; echo x >>c; upload c >/dev/null
      "$casfs" mount $repository $mnt; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
      fault '{"on": "(GET|HEAD) .*/blobs/sha256:'$(hex b)'", "silent": 100, "times": -1}'
      began=$SECONDS; status=0
      timeout 50 cat $mnt/blobs/sha256/$(hex b) 2>said & by_time=$!
      timeout 50 "$casfs" blob get $repository sha256:$(hex b) 2>said2 & command=$!
      # Others go on meanwhile, and a signal frees who waits.
      sleep 0.5; cmp $mnt/blobs/sha256/$(hex c) c; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
      timeout -s INT 1 cat $mnt/blobs/sha256/$(hex b) || status=$?; is $status 124
      [ $((SECONDS - began)) -lt 20 ] || fail "a signal did not free who waited"
      timeout -s INT 1 "$casfs" blob get $repository sha256:$(hex b) 2>/dev/null || status=$?; is $status 124
      status=0; wait $by_time || status=$?; is $status 1; grep -q 'Input/output error' said
      status=0; wait $command || status=$?; is $status 1; grep -q $host/app said2
      mend; eventually cmp $mnt/blobs/sha256/$(hex b) b
      """#, seconds: 100)
  }
}
