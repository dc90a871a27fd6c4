import TestSupport
import Testing

/// Mounted repositories, used with the tools that everyone has.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct RepositoryMountTests {
  /// How blobs are read; a blob in the cache is a file, which the kernel can read by itself.
  static let modes = Machine.readModes + ["verify=always", "verify=none"]

  @Test("T1, T2, V1: tags, images and layers are there and are what was pushed", arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount().check(
      .genuine,
      """
      image a 3000000; push a v1 latest
      "$casfs" mount -o \(mode) $repository $mnt
      is "$(ls $mnt/refs | tr '\\n' ' ')" 'latest v1 '
      is "$(jq -r .digest $mnt/refs/v1)" sha256:$manifest
      cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest; cmp $mnt/images/v1/config a/blobs/sha256/$config
      tar tzf $mnt/images/v1/layers/00 | grep -qx ./etc/random
      is "$(tar -xzOf $mnt/images/latest/layers/00 ./etc/motd)" hello
      is "$(ls $mnt/blobs/sha256 | tr '\\n' ' ')" "$(printf '%s\\n' $config $layer $manifest | sort | tr '\\n' ' ')"
      for blob in $config $layer $manifest; do
        cmp $mnt/blobs/sha256/$blob a/blobs/sha256/$blob
        is "$(stat -c '%s %a' $mnt/blobs/sha256/$blob)" "$(stat -c %s a/blobs/sha256/$blob) 444"
      done
      python3 - $mnt/blobs/sha256/$layer a/blobs/sha256/$layer <<'E'
      import mmap, os, sys
      file, want = os.open(sys.argv[1], os.O_RDONLY), open(sys.argv[2], "rb").read()
      assert mmap.mmap(file, 0, prot=mmap.PROT_READ)[:] == want
      assert os.pread(file, 100, len(want) - 50) == want[-50:]
      assert os.pread(file, 5000, 1000001) == want[1000001:1005001]
      E
      skopeo inspect oci:$mnt:v1 | jq -e '.Layers | length == 1' >/dev/null
      is "$("$casfs" status --json $mnt | jq -r .store)" $repository
      is "$("$casfs" status --json $mnt | jq .counters.failures)" 0
      """)
  }

  @Test("T3: what another client pushes and tags is there within a second, a blob at once", arguments: Servers.allCases)
  func changes(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1; first=$manifest
      "$casfs" mount $repository $mnt; ls $mnt/refs >/dev/null; cat $mnt/refs/v1 >/dev/null
      # soon COMMAND…: it succeeds within two seconds, for the machine is not always quick
      soon() { local i; for i in {1..40}; do if "$@" 2>/dev/null; then return; fi; sleep 0.05; done; fail "not yet: $*"; }
      stands() { [ "$(jq -r .digest $mnt/refs/$1)" = sha256:$2 ]; }
      image b; push b v2; soon stands v2 $manifest
      cmp $mnt/images/v2/manifest b/blobs/sha256/$manifest
      push b v1; soon stands v1 $manifest
      ls $mnt/refs | grep -qx v2
      head -c 1000000 /dev/urandom >c; test ! -e $mnt/blobs/sha256/$(hex c); upload c >/dev/null
      cmp c $mnt/blobs/sha256/$(hex c)
      """)
  }

  @Test(
    "I2, R1: a layer is copied in and an image made of it, as another client sees at once", arguments: Servers.allCases)
  func writing(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1
      "$casfs" mount $repository $mnt
      head -c 5000000 /dev/urandom >b; cp b $mnt/incoming/; has $(hex b)
      curl -s $plain/blobs/sha256:$(hex b) | cmp - b
      cmp b $mnt/blobs/sha256/$(hex b); is "$(readlink $mnt/committed/b)" ../blobs/sha256/$(hex b)
      (echo one; echo two) >$mnt/incoming/text; printf 'one\\ntwo\\n' >text; has $(hex text)
      : >$mnt/incoming/empty; : >empty; cmp $mnt/committed/empty empty; has $(hex empty)
      jq -c --arg d sha256:$(hex b) '.layers += [{mediaType: .layers[0].mediaType, digest: $d, size: 5000000}]' \
        <a/blobs/sha256/$manifest >m
      cp m $mnt/incoming/m; echo sha256:$(hex m) >$mnt/refs/v2
      is "$(tagged v2)" sha256:$(hex m); is "$(cat $mnt/refs/v2 | jq -r .digest)" sha256:$(hex m)
      is "$(skopeo inspect --tls-verify=false docker://$host/app:v2 | jq -r '.Layers[1]')" sha256:$(hex b)
      skopeo inspect --raw --tls-verify=false docker://$host/app:v2 | cmp - m
      cmp b $mnt/images/v2/layers/01
      cp $mnt/refs/v2 $mnt/refs/v3; is "$(tagged v3)" sha256:$(hex m)
      refused 'File exists' bash -c "echo sha256:$manifest >$mnt/refs/v3"; is "$(tagged v3)" sha256:$(hex m)
      refused 'No such file' bash -c "echo sha256:$(printf %064d 0) >$mnt/refs/v4"
      bash -c "echo sha256:$(hex b) >$mnt/refs/v4" 2>/dev/null || true
      is "$(tagged v4)" ''; test ! -e $mnt/refs/v4
      hex=$(printf %064d 0); refused 'Bad message' cp b $mnt/incoming/$hex
      refused 'Read-only' bash -c ": >$mnt/blobs/sha256/$(hex b)"
      """)
  }

  @Test("R3: tags are removed and moved in one step where the registry can")
  func tags() throws {
    try ScriptedMount().check(
      .own,
      """
      image a; push a v1 v2 v3; first=$manifest; image b; push b new; second=$manifest
      "$casfs" mount $repository $mnt; forget
      rm $mnt/refs/v1; is "$(tagged v1)" ''; test ! -e $mnt/refs/v1; is "$(tags)" 'new v2 v3'
      mv $mnt/refs/new $mnt/refs/v2
      is "$(tagged v2)" sha256:$second; is "$(tags)" 'v2 v3'; is "$(ls $mnt/refs | tr '\\n' ' ')" 'v2 v3 '
      mv $mnt/refs/v3 $mnt/refs/v4; is "$(tagged v4)" sha256:$first; is "$(tags)" 'v2 v4'
      mv -n $mnt/refs/v4 $mnt/refs/v2 || true; is "$(tagged v2)" sha256:$second; is "$(tags)" 'v2 v4'
      is "$(asked '.method == "DELETE" and (.target | contains("sha256:"))')" 0
      """)
  }

  @Test("R3, E15: where tags cannot be removed, rm and mv fail and change nothing", arguments: [Servers.own, .proxied])
  func fixedTags(server: Servers) throws {
    try ScriptedMount().check(
      server,
      """
      image a; push a v1; first=$manifest; image b; push b v2; second=$manifest
      if [ \(server) = own ]; then settings '{"deletes_tags": false}'; fi
      "$casfs" mount $repository $mnt
      for i in 1 2; do
        refused 'not supported' rm $mnt/refs/v1
        forget; refused 'not supported' mv $mnt/refs/v1 $mnt/refs/v2
        refused 'not supported' mv $mnt/refs/v1 $mnt/refs/v3
        is "$(asked '.method == "PUT"')" 0; is "$(asked '.method == "DELETE" and (.target | contains("sha256:"))')" 0
        is "$(tags)" 'v1 v2'; is "$(tagged v1)" sha256:$first; is "$(tagged v2)" sha256:$second
        is "$(ls $mnt/refs | tr '\\n' ' ')" 'v1 v2 '
      done
      cp $mnt/refs/v1 $mnt/refs/v3; is "$(tagged v3)" sha256:$first
      """)
  }

  @Test(
    "M4 E2: a repository is mounted by mount(8), and by a line of fstab",
    .needs(.root, .tools("mount.fuse3", "unshare")))
  func mountProgram() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; export repository manifest
      cat >inside <<'E'
      . ./prelude
      mount -t tmpfs none /usr/local/bin; ln -s $casfs /usr/local/bin/casfs
      mount -t fuse.casfs $repository $mnt -o ro
      is "$(jq -r .digest $mnt/refs/v1)" sha256:$manifest
      refused 'Read-only file system' touch $mnt/incoming/f
      umount $mnt
      echo "$repository $mnt fuse.casfs ro,nofail,_netdev,x-a=b 0 0" >fstab
      mount -T fstab $mnt
      is "$(jq -r .digest $mnt/refs/v1)" sha256:$manifest
      is "$(findmnt -n -o FSTYPE,SOURCE $mnt | tr -s ' ')" "fuse.casfs $repository"
      umount $mnt
      E
      unshare -m -p --fork --kill-child --mount-proc --propagation private bash inside
      """#)
  }

  @Test("T3: mounting asks a few things, and no more of a repository with many tags")
  func mounting() throws {
    try ScriptedMount().check(
      .own,
      """
      image a 10; push a v0
      mkdir -p main/repositories/app/_tags; for i in {1..3000}; do echo -n sha256:$manifest >main/repositories/app/_tags/t$i; done
      forget; "$casfs" mount $repository $mnt
      [ $(asked true) -le 6 ] || fail "to mount: $(requests true)"
      forget; cat $mnt/refs/t2999 >/dev/null
      [ $(asked true) -le 6 ] || fail "to read a reference: $(requests true)"
      [ $(asked '.target | contains("manifests")') -le 2 ] || fail "to read a reference: $(requests true)"
      """)
  }
}
