import TestSupport
import Testing

/// Registries that go away, and come back.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct OutageTests {
  @Test(
    "V1, I2: without its registry a mount fails with EIO in bounded time, what is kept is read, and it comes back",
    arguments: [Servers.genuine, .own])
  func gone(server: Servers) throws {
    try ScriptedMount().check(
      server,
      #"""
      image a; push a v1
      head -c 1000000 /dev/urandom >b; head -c 1000000 /dev/urandom >c; upload b >/dev/null; upload c >/dev/null
      head -c 1000000 /dev/urandom >d
      "$casfs" mount $repository $mnt
      cat $mnt/refs/v1 >/dev/null; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer; cmp $mnt/blobs/sha256/$(hex b) b
      echo sha256:$manifest >tag; halt main
      for i in 1 2; do
        cmp $mnt/blobs/sha256/$(hex b) b; cmp $mnt/blobs/sha256/$layer a/blobs/sha256/$layer
        refused 'Input/output error' timeout 20 cat $mnt/blobs/sha256/$(hex c)
        refused 'Input/output error' timeout 20 cp d $mnt/incoming/d; eventually test ! -e $mnt/incoming/d
        refused 'Input/output error' timeout 20 cp tag $mnt/refs/v2
        refused $host/app timeout 20 "$casfs" blob put $repository d
      done
      timeout 20 ls $mnt $mnt/refs $mnt/blobs/sha256 $mnt/incoming >/dev/null 2>&1 || [ $? -ne 124 ]
      # A reader that waits is let go.
      timeout -s INT 1 cat $mnt/blobs/sha256/$(printf %064d 7) 2>/dev/null || true
      \#(server.start)
      back() { cmp $mnt/blobs/sha256/$(hex c) c && cp b $mnt/incoming/again && ls $mnt/refs | grep -qx v1; }
      eventually back
      cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest; 
      has $(hex d) && fail "it is there although that was refused"; test ! -e $mnt/blobs/sha256/$(hex d)
      cp d $mnt/incoming/d; has $(hex d); cmp $mnt/blobs/sha256/$(hex d) d
      echo sha256:$manifest >$mnt/refs/v2; is "$(tagged v2)" sha256:$manifest
      "$casfs" unmount $mnt
      """#, seconds: 120)
  }

  @Test(
    "V1: a mount is made without its registry only when it can be told from a wrong one, and is unmounted at any time")
  func unmounting() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; "$casfs" mount $repository $mnt; server=$(server); halt main
      timeout 20 "$casfs" unmount $mnt; gone $server
      refused $host/app timeout 30 "$casfs" mount $repository $mnt
      ! mountpoint -q $mnt
      """#)
  }

  @Test(
    "V3, E14: who waits for a registry that says nothing is let go, by time or by a signal", arguments: ["GET", "HEAD"])
  func silent(method: String) throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; for f in b c d e; do head -c 100000 /dev/urandom >$f; upload $f >/dev/null; done
      "$casfs" mount $repository $mnt; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
      for f in b d e; do fault '{"on": "\#(method) .*/blobs/sha256:'$(hex $f)'", "silent": 100, "times": -1}'; done
      # within SECONDS STATUS COMMAND…: it ends so soon, with this status
      within() {
        local began=$SECONDS status=0
        "${@:3}" || status=$?
        [ $status = $2 ] || fail "$status in place of $2 of ${*:3}"
        [ $((SECONDS - began)) -le $1 ] || fail "$((SECONDS - began)) seconds for ${*:3}"
      }
      # By time: EIO, once the registry has been silent for long.
      within 60 1 cat $mnt/blobs/sha256/$(hex b) 2>said & waiting=$!
      within 60 1 "$casfs" blob get $repository sha256:$(hex b) >got 2>said2 & command=$!
      # Others go on meanwhile, and a signal frees who waits.
      sleep 0.5; within 4 0 cmp $mnt/blobs/sha256/$(hex c) c; within 1 0 cmp $mnt/blobs/sha256/$layer a/blobs/sha256/$layer
      within 4 124 timeout -s INT 1 cat $mnt/blobs/sha256/$(hex d)
      within 4 124 timeout -s INT 1 "$casfs" blob get $repository sha256:$(hex d)
      within 4 137 timeout -s KILL 1 cat $mnt/blobs/sha256/$(hex e)
      for job in $waiting $command; do wait $job || { cat said said2 >&2; fail "it was not let go"; }; done
      grep -q 'Input/output error' said; grep -q $host/app said2; [ ! -s got ]
      mend; eventually cmp $mnt/blobs/sha256/$(hex b) b
      """#, seconds: 100)
  }
}
