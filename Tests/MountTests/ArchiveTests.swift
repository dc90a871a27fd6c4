import TestSupport
import Testing

/// Archives of layouts that are mounted in place.
@Suite(.needs(.fuse)) struct ArchiveTests {
  @Test(
    "V1, B1: an archive of each tool is shown with all its blobs, in every mode, and cannot be written",
    .needs(.tools("umoci", "skopeo", "jq")), arguments: ["read=auto", "read=splice", "read=copy", "verify=always"])
  func image(mode: String) throws {
    try ScriptedMount().check(
      ReadModeTests.readers + BlobTests.attempts + """
        umoci init --layout $store 2>/dev/null; umoci new --image $store:latest 2>/dev/null
        rootless=--rootless; if [ $UID = 0 ]; then rootless=; fi
        umoci unpack $rootless --image $store:latest bundle 2>/dev/null
        mkdir -p bundle/rootfs/etc; echo hello >bundle/rootfs/etc/motd
        head -c 3000000 /dev/urandom >bundle/rootfs/etc/random
        umoci repack --image $store:latest bundle 2>/dev/null
        skopeo copy -q --insecure-policy oci:$store:latest oci-archive:skopeo.tar:latest
        tar -cf umoci.tar -C $store .
        for f in skopeo umoci; do
          tar -xf $f.tar --one-top-level
          "$casfs" mount -o \(mode) oci-archive:$f.tar $mnt
          is "$(cd $f/blobs/sha256; ls)" "$(ls $mnt/blobs/sha256)"
          for blob in $f/blobs/sha256/*; do
            python3 readers.py $mnt/blobs/sha256/${blob##*/} $blob
            is "$(stat -c '%s %a' $mnt/blobs/sha256/${blob##*/})" "$(stat -c %s $blob) 444"
          done
          python3 t.py $mnt/blobs/sha256/${blob##*/}
          is "$(tar -xzOf $mnt/images/latest/layers/00 etc/motd)" hello
          tar tzf $mnt/images/latest/layers/00 | grep -q etc/random
          is "$(jq -r .digest $mnt/refs/latest)" sha256:$(hex $mnt/images/latest/manifest)
          skopeo inspect oci:$mnt:latest | jq -e '.Layers | length == 1' >/dev/null
          is "$(umoci ls --layout $mnt)" latest
          refused 'Read-only' touch $mnt/incoming/x
          refused 'Read-only' rm -f $mnt/refs/latest
          refused 'Read-only' cp $mnt/refs/latest $mnt/refs/other
          refused 'Read-only' rm -f $mnt/blobs/sha256/${blob##*/}
          is "$("$casfs" status --json $mnt | jq -r '.driver, .read_only' | tr '\\n' ' ')" 'oci-archive true '
          is "$("$casfs" status --json $mnt | jq .counters.failures)" 0
          "$casfs" fsck oci-archive:$f.tar
          "$casfs" unmount $mnt
        done
        """)
  }

  @Test(
    "V2: of a corrupt member nothing is served, in any mode, others are",
    arguments: ["read=splice", "read=copy", "verify=always"])
  func corrupt(mode: String) throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store; head -c 3000000 /dev/urandom >a; echo b >b
      "$casfs" blob put $store a b >/dev/null; blob=$mnt/blobs/sha256/$(hex a)
      tar -cf x.tar -C $store .; cp x.tar good.tar
      python3 - <<'E'
      content = open("a", "rb").read(); archive = bytearray(open("x.tar", "rb").read())
      archive[archive.index(content) + len(content) - 1] ^= 1
      open("x.tar", "wb").write(archive)
      E
      "$casfs" mount -o \(mode) oci-archive:x.tar $mnt
      for i in 1 2 3; do
        refused 'Input/output error' head -c 1 $blob
        refused 'Input/output error' python3 -c "import mmap; mmap.mmap(open('$blob').fileno(), 1, prot=mmap.PROT_READ)[0]"
      done
      cmp b $mnt/blobs/sha256/$(hex b)
      # Mended where it stands, it is looked at again.
      cat good.tar | dd of=x.tar conv=notrunc status=none
      cmp a $blob
      truncate -s 1000000 x.tar
      eventually bash -c "! cat $blob"
      """)
  }

  @Test("T3: an archive of 1 GiB is mounted as fast as a small one")
  func large() throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store; mkdir -p $store/blobs/sha256; echo small | "$casfs" blob put $store >/dev/null
      tar -cf small.tar -C $store .
      head -c 1M /dev/urandom >piece; for i in {1..1024}; do cat piece; done >big; hex=$(hex big)
      mv big $store/blobs/sha256/$hex; tar -cf large.tar -C $store .
      # milliseconds ARCHIVE: how long a mount takes, at best
      milliseconds() {
        local best=100000 i start took
        for i in 1 2 3; do
          start=$(date +%s%N); "$casfs" mount oci-archive:$1 $mnt; took=$((($(date +%s%N) - start) / 1000000))
          "$casfs" unmount $mnt
          if [ $took -lt $best ]; then best=$took; fi
        done
        echo $best
      }
      small=$(milliseconds small.tar); large=$(milliseconds large.tar); echo $small $large
      # To hash it takes half a second at least.
      [ $large -lt $((small + 200)) ] || fail "$large in place of $small milliseconds"
      "$casfs" mount oci-archive:large.tar $mnt; cmp $mnt/blobs/sha256/$hex $store/blobs/sha256/$hex
      """, seconds: 120)
  }

  @Test("E2: what is no archive of a layout is not mounted, and the reason is told")
  func invalid() throws {
    try ScriptedMount().check(
      """
      "$casfs" create $store; tar -czf x.tgz -C $store .; echo x >x.tar
      refused 'decompress it first, as by gzip -dc' "$casfs" mount oci-archive:x.tgz $mnt
      refused 'it is not a tar archive' "$casfs" mount oci-archive:x.tar $mnt
      refused 'No such file' "$casfs" mount oci-archive:none $mnt
      refused 'the kernel does not read files by itself' bash -c "tar -cf y.tar -C $store . &&
        $casfs mount -o read=passthrough oci-archive:y.tar $mnt"
      """)
  }
}
