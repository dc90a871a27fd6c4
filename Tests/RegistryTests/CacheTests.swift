import TestSupport
import Testing

/// What is kept of a registry on this machine.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct CacheTests {
  @Test("V1, V3: many readers share one download, and later ones need none")
  func shared() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 20000000 /dev/urandom >b; blob=$(upload b)
      "$casfs" mount $repository $mnt; forget
      fault '{"on": "GET .*/blobs/", "slow": 0.00005, "times": -1}'
      for i in {1..8}; do cmp $mnt/blobs/sha256/$blob b & readers[i]=$!; done
      for reader in "${readers[@]}"; do wait $reader; done
      is "$(asked '.method == "GET" and (.target | contains("'$blob'"))')" 1
      "$casfs" blob get $repository sha256:$blob | cmp - b
      "$casfs" unmount $mnt; "$casfs" mount $repository $mnt; cmp $mnt/blobs/sha256/$blob b
      is "$(asked '.method == "GET" and (.target | contains("'$blob'"))')" 1
      is "$(find cache/casfs -name $blob | wc -l)" 1
      """#)
  }

  @Test("V1: two mounts of the registry at once share what is kept")
  func twoMounts() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b)
      mkdir mnt2; "$casfs" mount $repository $mnt; "$casfs" mount $repository mnt2; forget
      cmp $mnt/blobs/sha256/$blob b; cmp mnt2/blobs/sha256/$blob b
      is "$(asked '.method == "GET" and (.target | contains("'$blob'"))')" 1
      """#)
  }

  @Test("V2: what is kept and has changed on the disk is not served")
  func changed() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b)
      "$casfs" blob get $repository sha256:$blob | cmp - b
      kept=$(find cache/casfs -name $blob); chmod u+w $kept
      printf x | dd of=$kept bs=1 seek=1000000 conv=notrunc status=none
      "$casfs" mount $repository $mnt
      # Fetched again or refused, but never wrong.
      if cat $mnt/blobs/sha256/$blob >got 2>said; then cmp got b; else grep -q 'Input/output' said; is $(wc -c <got) 0; fi
      """#)
  }

  @Test("V1: a download that kill -9 ends leaves nothing wrong, and what is kept is good", arguments: 0..<4)
  func killed(round: Int) throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 8000000 /dev/urandom >b; blob=$(upload b)
      fault '{"on": "GET .*/blobs/", "slow": 0.0001, "times": -1}'
      "$casfs" mount $repository $mnt; server=$(server)
      (cat $mnt/blobs/sha256/$blob || true) >/dev/null 2>&1 &
      sleep 0.\#(1 + round * 2); kill -KILL $server; eventually gone $server; mend
      for kept in $(find cache/casfs -type f -size +0 -path '*blobs/sha256/*'); do
        case ${kept##*/} in [0-9a-f]*) is "$(hex $kept)" "${kept##*/}" ;; esac
      done
      "$casfs" mount $repository $mnt; cmp $mnt/blobs/sha256/$blob b; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
      """#)
  }

  @Test("V1: what is kept stays within its bound, and what was used longest ago goes")
  func bound() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; export CASFS_CACHE_SIZE=5M
      # What was just used stays for a minute: here an hour passes between two uses.
      pass() { find cache -type f | while read -r f; do touch -d "@$(($(stat -c %Y $f) - 3600))" $f; done; }
      for i in {1..12}; do
        head -c 1000000 /dev/urandom >b$i; upload b$i >/dev/null; forget
        "$casfs" blob get $repository sha256:$(hex b$i) | cmp - b$i; pass
        "$casfs" blob get $repository sha256:$(hex b1) | cmp - b1
        [ $i = 1 ] || is "$(asked '.method == "GET" and (.target | contains("'$(hex b1)'"))')" 0
        [ $(du -sk --apparent-size cache | cut -f 1) -lt 6500 ] || fail "$(du -sk --apparent-size cache) after $i"
      done
      is "$(find cache -name $(hex b2) | wc -l)" 0; is "$(find cache -name $(hex b12) | wc -l)" 1
      refused 'CASFS_CACHE_SIZE' env CASFS_CACHE_SIZE=much "$casfs" ref ls $repository
      """#)
  }

  @Test("V4: without verification a range of a large blob is read without the rest")
  func ranges() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 64M /dev/urandom >b; blob=$(upload b)
      "$casfs" mount -o verify=none $repository $mnt; forget
      dd if=$mnt/blobs/sha256/$blob bs=4096 skip=10000 count=1 status=none | cmp - <(dd if=b bs=4096 skip=10000 count=1 status=none)
      tail -c 1000 $mnt/blobs/sha256/$blob | cmp - <(tail -c 1000 b)
      got=$(sent '.target | contains("'$blob'")'); [ $got -lt 16000000 ] || fail "$got bytes for two ranges"
      cmp $mnt/blobs/sha256/$blob b
      got=$(sent '.target | contains("'$blob'")'); [ $got -lt 160000000 ] || fail "$got bytes for all of it"
      """#)
  }

  @Test(
    "V1 E7: with every bound there can be, everything is read", arguments: ["9223372036854775807", "8388607T", "0"])
  func anyBound(size: String) throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b)
      CASFS_CACHE_SIZE=\#(size) "$casfs" blob get $repository sha256:$blob | cmp - b
      rm -r cache; "$casfs" mount -o cache_size=\#(size) $repository $mnt
      cmp $mnt/blobs/sha256/$blob b; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
      """#)
  }

  @Test("V1 E7: a blob longer than the bound is read, fetched once, and goes when nobody reads it")
  func tooLong() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b); head -c 1000000 /dev/urandom >c; other=$(upload c)
      kept() { [ "$(find cache -name $1 | wc -l)" = $2 ]; }
      "$casfs" mount -o cache_size=2M $repository $mnt; forget
      cmp $mnt/blobs/sha256/$other c
      for i in 1 2; do
        cmp $mnt/blobs/sha256/$blob b
        is "$(asked '.method == "GET" and (.target | contains("'$blob'"))')" $i
        eventually kept $blob 0; kept $other 1
      done
      "$casfs" unmount $mnt
      CASFS_CACHE_SIZE=2M "$casfs" blob get $repository sha256:$blob | cmp - b; kept $blob 0; kept $other 1
      # Checked at each opening, it is no other.
      "$casfs" mount -o cache_size=2M,verify=always $repository $mnt; cmp $mnt/blobs/sha256/$blob b
      """#)
  }

  @Test("V1 E7: what is being read is not removed by another, whose bound is lower")
  func inUse() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b); head -c 1000000 /dev/urandom >c; other=$(upload c)
      "$casfs" mount $repository $mnt; exec 3<$mnt/blobs/sha256/$blob; forget
      CASFS_CACHE_SIZE=0 "$casfs" blob get $repository sha256:$other | cmp - c
      is "$(find cache -name $blob | wc -l)" 1; is "$(find cache -name $other | wc -l)" 0
      cmp $mnt/blobs/sha256/$blob b; cmp - b <&3; exec 3<&-
      is "$(asked '.method == "GET" and (.target | contains("'$blob'"))')" 0
      "$casfs" unmount $mnt
      CASFS_CACHE_SIZE=0 "$casfs" blob get $repository sha256:$other | cmp - c
      is "$(find cache -name $blob | wc -l)" 0
      """#)
  }

  @Test("E4 E7: many put and read with a cache that keeps nothing")
  func nothingKept() throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; mkdir mnt2 new
      "$casfs" mount -o cache_size=0 $repository $mnt; "$casfs" mount -o cache_size=0 $repository mnt2
      for i in {1..40}; do head -c 10000 /dev/urandom >new/$i; done
      for i in {1..40}; do
        at=$mnt; [ $((i % 2)) = 0 ] || at=mnt2
        { cp new/$i $at/incoming/; cmp $mnt/blobs/sha256/$(hex new/$i) new/$i; cmp mnt2/blobs/sha256/$(hex new/$i) new/$i; } &
        writers[i]=$!
      done
      for writer in "${writers[@]}"; do wait $writer; done
      """#)
  }

  @Test(
    "E7 E4 E11: the cache is made anew when somebody removes it",
    arguments: ["cache", "cache/casfs", "cache/casfs-notes"])
  func removed(what: String) throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b); head -c 1000000 /dev/urandom >c; other=$(upload c)
      "$casfs" mount $repository $mnt; cmp $mnt/blobs/sha256/$blob b; cat $mnt/refs/v1 >tag
      rm -rf \#(what)
      cmp $mnt/blobs/sha256/$blob b; cmp $mnt/blobs/sha256/$other c
      is "$(ls $mnt/refs)" v1; cmp $mnt/refs/v1 tag; is "$(ls $mnt/blobs/sha256 | wc -l)" 3
      echo new >new; cp new $mnt/incoming/; has $(hex new); cp $mnt/refs/v1 $mnt/refs/v2; is "$(tags)" 'v1 v2'
      is "$(find cache/casfs -name $blob | wc -l)" 1; is "$(stat -c %a cache/casfs)" 700
      """#)
  }

  @Test("E7 E4: on a full disk what was used longest ago makes room for what is read and put", .needs(.root))
  func fullDisk() throws {
    try ScriptedMount().check(
      .own,
      #"""
      mkdir cache; mount -t tmpfs -o size=8m none cache
      image a; push a v1; "$casfs" mount $repository $mnt
      for i in {1..6}; do head -c 3000000 /dev/urandom >b$i; upload b$i >/dev/null; cmp $mnt/blobs/sha256/$(hex b$i) b$i; done
      head -c 5000000 /dev/urandom >new; cp new $mnt/incoming/; has $(hex new)
      CASFS_CACHE_SIZE=1G "$casfs" blob get $repository sha256:$(hex b1) | cmp - b1
      # What cannot have room is told, and in nobody's way.
      head -c 20000000 /dev/urandom >large; upload large >/dev/null
      refused 'No space left on device' cat $mnt/blobs/sha256/$(hex large)
      refused 'No space left on device' cp large $mnt/incoming/
      cmp $mnt/blobs/sha256/$(hex b2) b2; is "$(cat $mnt/refs/v1 | jq -r .digest)" sha256:$manifest
      """#)
  }

  @Test(
    "E7 V1: what is in the place of a blob in the cache is moved out of the way", arguments: ["empty", "full", "link"])
  func inTheWay(kind: String) throws {
    try ScriptedMount().check(
      .own,
      #"""
      image a; push a v1; head -c 3000000 /dev/urandom >b; blob=$(upload b)
      "$casfs" ref ls $repository
      at=cache/casfs/blobs/sha256; rm -f $at/*
      for x in $blob $manifest; do
        case \#(kind) in
          empty) mkdir $at/$x ;; full) mkdir $at/$x; echo x >$at/$x/x ;; link) ln -s /etc/passwd $at/$x ;;
        esac
      done
      "$casfs" mount $repository $mnt; cmp $mnt/blobs/sha256/$blob b; cmp $mnt/images/v1/manifest a/blobs/sha256/$manifest
      is "$(jq -r .digest $mnt/refs/v1)" sha256:$manifest; is "$(find $at -type f | wc -l)" 2
      [ \#(kind) != full ] || is "$(find cache -name x | wc -l)" 2
      """#)
  }
}
