import TestSupport
import Testing

@Suite(.needs(.fuse, .tools("python3", "jq", "setfattr", "getfattr")), .boundedInTime)
struct HostileTests {
  /// Words for scripts of python that make a store in `$store`.
  private static let maker = #"""
    import hashlib, json, os
    root = os.environ["store"]
    os.makedirs(root + "/blobs/sha256")
    open(root + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
    blobs = os.fsencode(root) + b"/blobs/sha256/"
    oci = "application/vnd.oci.image."
    entries = []
    def put(data):
        data = data if isinstance(data, bytes) else data.encode()
        hex = hashlib.sha256(data).hexdigest()
        open(blobs + hex.encode(), "wb").write(data)
        return hex
    def descriptor(hex, size=5, type="x/y", **more):
        return dict({"mediaType": type, "digest": "sha256:" + hex, "size": size}, **more)
    def tag(name, data, type=oci + "manifest.v1+json"):
        entries.append(descriptor(put(data), len(data), type, annotations={"org.opencontainers.image.ref.name": name}))
    def done():
        json.dump({"schemaVersion": 2, "manifests": entries}, open(root + "/index.json", "w"))
    layer = put("layer")
    image = json.dumps({"schemaVersion": 2, "config": descriptor(layer), "layers": [descriptor(layer)]})

    """#

  /// A folder with a store that a script of python made.
  private func workshop(_ script: String) throws -> ScriptedMount {
    let workshop = try ScriptedMount()
    try workshop.check("cat >make.py <<'END'\n\(Self.maker)\n\(script)\ndone()\nEND\nstore=$store python3 make.py")
    return workshop
  }

  @Test("D6: what stands under a digest and is no file can be neither looked at nor removed, and leads nowhere")
  func notRegular() throws {
    let workshop = try workshop(
      #"""
      hexes = [hashlib.sha256(b"node%d" % n).hexdigest() for n in range(6)]
      paths = [blobs + hex.encode() for hex in hexes]
      os.symlink("/etc/passwd", paths[0]); os.symlink(hexes[2], paths[1]); os.symlink(hexes[1], paths[2])
      os.mkfifo(paths[3]); os.mkdir(paths[4])
      os.symlink("../../oci-layout", paths[5])
      for n, hex in enumerate(hexes):
          entries.append(descriptor(hex, 1, oci + "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": "node%d" % n}))
      open("hexes", "w").write("\n".join(hexes))
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      for hex in $(cat hexes); do
        blob=$mnt/blobs/sha256/$hex
        for command in "cat $blob" "stat $blob" "cp $blob copy" "unlink $blob" "getfattr -d $blob"; do
          refused 'Invalid argument' $command
        done
        [ -e $store/blobs/sha256/$hex ] || [ -L $store/blobs/sha256/$hex ]
      done
      if ls $mnt/blobs/sha256 >listed; then :; fi
      is "$(wc -l <listed)" 7
      for n in 0 1 2 3 4 5; do
        is "$(ls $mnt/images/node$n)" ""
        getfattr --only-values -n user.casfs.error $mnt/images/node$n | grep -q 'not a regular file'
      done
      refused 'regular file' $casfs gc --grace 0 $store
      refused '6 problems' $casfs fsck $store
      is "$($casfs fsck $store 2>/dev/null | cut -f 1 | sort | uniq -c | tr -s ' ')" ' 6 unreadable'
      """#)
  }

  @Test("D7, T1: names that lead out, are too long or have control characters are not shown; all others are, once")
  func names() throws {
    let workshop = try workshop(
      #"""
      hostile = ["../../etc/passwd", "..", ".", "/abs", "a//b", "c/", "new\nline", "\x1b[2J", "nul\0x", "w" * 4097,
          "y" * 256, "z" * 4096, "e/../f", "del\x7f", ""]
      odd = ["x" * 255, "%2e%2e", "%", "%2F", "top", "top/below", "top/below/deeper", "\u00e9", "e\u0301", "-rf", "a b",
          "two/parts", "two/more", ".hidden", "top%2Fbelow", "a:b@c", "\u202eevil", "'\"$(false)`false`"]
      for name in hostile + odd: tag(name, image)
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      for tree in refs images; do
        (cd $mnt/$tree; find . -mindepth 1 -maxdepth 2 -print0) |
          python3 -c 'import sys; print(sorted(p[2:] for p in sys.stdin.buffer.read().decode().split("\0") if p))' >$tree
      done
      python3 - <<'END'
      names = ["x" * 255, "%252e%252e", "%25", "%252F", "top", "top%2Fbelow", "top%2Fbelow%2Fdeeper", "\u00e9", "e\u0301",
          "-rf", "a b", "two", "two/parts", "two/more", ".hidden", "top%252Fbelow", "a:b@c", "\u202eevil",
          "'\"$(false)`false`"]
      found = eval(open("refs").read())
      assert found == sorted(names), found
      images = eval(open("images").read())
      tops = [p for p in images if "/" not in p or p.startswith("two/")]
      unnamed = [p for p in tops if p.startswith("@sha256:")]
      assert len(unnamed) == 1 and sorted(set(tops) - set(unnamed)) == sorted(names), tops
      END
      for name in top 'top%2Fbelow' two/parts '%25' 'a b'; do
        is "$(jq -r .size $mnt/refs/"$name")" "$(stat -Lc %s $mnt/images/"$name"/manifest)"
      done
      # What has a name that is not the specification's can be removed and not made.
      refused 'Invalid argument' cp "$mnt/refs/top" "$mnt/refs/a c"
      refused 'Invalid argument' cp "$mnt/refs/top" "$mnt/refs/two%2Fthird"
      rm "$mnt/refs/a b" "$mnt/refs/-rf" "$mnt/refs/top"
      # It has its directory now.
      eventually test -f "$mnt/refs/top/below"
      cp $mnt/refs/two/parts $mnt/refs/two/third
      refused 'Invalid argument' touch "$mnt/refs/$(printf '\377')" "$mnt/incoming/$(printf '\377')"
      refused 'File name too long' touch $mnt/incoming/$(printf %0256d 0)
      is "$($casfs fsck $store 2>/dev/null | cut -f 1 | sort | uniq -c | tr -s ' ')" ' 13 bad-name'
      """#)
  }

  @Test("D7: a name of two thousand components, twenty thousand layers and eight thousand platforms hold up nobody")
  func deep() throws {
    let workshop = try workshop(
      #"""
      for n in range(20): tag("d/" * 2000 + "%d" % n, image)
      tag("wide", json.dumps({"schemaVersion": 2, "config": descriptor(layer), "layers": [descriptor(layer)] * 20000}))
      tag("plain", image)
      tag("platforms", json.dumps({"manifests": [
          descriptor(put("m"), 1, platform={"os": "linux", "architecture": str(n)}) for n in range(8000)]}),
          oci + "index.v1+json")
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      # In place, for a longer path is none; and not to the end, for each step looks at every directory above.
      cd $mnt/refs
      for i in {1..100}; do cd d; done
      is "$(ls)" d
      is "$(ls -l $mnt/images/platforms | wc -l)" 8002
      refused 'No such file' stat $mnt/images/platforms/linux-8000
      cd $mnt/images/wide/layers
      is "$(ls -l | wc -l)" 20001
      stat 00000 19999 >/dev/null
      for name in 20000 0 00 +0001 -0 -00001 000000 0000x; do refused 'No such file' stat ./$name; done
      cd $top
      is "$(jq -r .mediaType $mnt/refs/plain)" application/vnd.oci.image.manifest.v1+json
      cp $mnt/refs/plain $mnt/refs/other
      is "$($casfs ref ls $store | wc -l)" 24
      """#, seconds: 120)
  }

  @Test("D6: manifests that nest deeply, lie, or are none show why and no parts, and are no way to other files")
  func manifests() throws {
    let workshop = try workshop(
      #"""
      bad = {"deep": "[" * 100000, "deeper": '{"layers":' + "[" * 63 + "]" * 63 + "}", "list": "[]",
          "twice": '{"config":null,"config":null,"layers":[]}', "binary": bytes(range(256)), "number": "1e999999999",
          "object": '{"layers":{"a":1}}', "long": b'{"a":"' + b"x" * (5 << 20) + b'"}', "empty": b"",
          "huge": json.dumps({"config": descriptor(layer, 10 ** 30), "layers": []}),
          "float": '{"layers":[{"mediaType":"x","digest":"sha256:%s","size":1e400}]}' % layer,
          "negative": json.dumps({"config": descriptor(layer, -1), "layers": []}),
          "path": json.dumps({"config": descriptor("../../../etc/passwd"), "layers": []})}
      for name, data in bad.items(): tag(name, data)
      open("bad", "w").write(" ".join(bad))
      tag("most", json.dumps({"config": descriptor(layer, 2 ** 63 - 1), "layers": []}))
      systems = ["..", "../..", "/", "a/b", "\0", "\n", "x" * 300, "", "\u00e9", ".", "plain", "plain"]
      tag("platforms", json.dumps({"manifests": [
          descriptor(put("m%d" % n), 2, oci + "manifest.v1+json", platform={"os": system, "architecture": "x"}) for n, system in enumerate(systems)]}),
          oci + "index.v1+json")
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      for name in $(cat bad); do
        is "$(ls -A $mnt/images/$name)" ""
        getfattr --only-values -n user.casfs.error $mnt/images/$name | grep -q .
      done
      is "$(readlink $mnt/images/most/config)" ../../blobs/sha256/$(printf layer | sha256sum | cut -c 1-64)
      (cd $mnt/images/platforms; find . -mindepth 1 -maxdepth 1 -print0) >listed
      python3 - <<'END'
      names = [name[2:] for name in open("listed").read().split("\0") if name]
      assert len(names) == len(set(names)) == 12, names
      assert all(len(name.encode()) <= 255 and name not in (".", "..") and "/" not in name for name in names), names
      END
      refused 'walk the index' $casfs gc --grace 0 $store
      is "$($casfs fsck $store 2>/dev/null | cut -f 1 | grep -c bad-manifest)" 25
      is "$($casfs blob ls $store | wc -l)" "$(ls $store/blobs/sha256 | wc -l)"
      # And it is the same process as in the beginning.
      is "$($casfs status --json $mnt | jq .commits_pending)" 0
      """#)
  }

  @Test("D6: files of any names among the blobs are not shown, and neither fsck nor gc touches them")
  func strangeFiles() throws {
    let workshop = try workshop(
      #"""
      names = [b"..foo", b"a\nb", b"\xff\xfe", b"%2e", b"x" * 255, b"-rf", b"\x1b[31m", layer.upper().encode(),
          layer.encode() + b"0", b".casfs-tmp-1", "e\u0301".encode()]
      for name in names: open(blobs + name, "wb").write(b"x")
      tag("a", image)
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      is "$(ls -A $mnt/blobs/sha256 | wc -l)" 2
      for name in ..foo $'a\nb' $'\xff\xfe' %2e -rf; do
        if [ -e "$mnt/blobs/sha256/$name" ]; then fail "shown: $name"; fi
      done
      find $store -printf '%p %s %C@\n' | sort >before
      $casfs gc --grace 0 $store >gone
      is "$(wc -c <gone)" 0
      # A line each, whatever is in the names, and nothing that a terminal would obey.
      refused '11 problems' $casfs fsck $store
      if $casfs fsck $store >found 2>/dev/null; then fail "nothing found"; fi
      is "$(wc -l <found)" 11
      is "$(tr -d '\n\t' <found | LC_ALL=C grep -c '[[:cntrl:]]' || true)" 0
      is "$($casfs fsck --json $store 2>/dev/null | jq -r .problem | sort | uniq -c | tr -s ' ' | tr '\n' ,)" ' 10 foreign, 1 misplaced,'
      find $store -printf '%p %s %C@\n' | sort | cmp - before
      """#)
  }

  @Test("D6: an index of twenty thousand references is listed, read, added to and collected")
  func manyReferences() throws {
    let workshop = try workshop(
      #"""
      tag("first", image)
      for n in range(20000): entries.append(dict(entries[0], annotations={"org.opencontainers.image.ref.name": "a%d/b" % n}))
      """#)
    try workshop.check(
      #"""
      $casfs mount $store $mnt
      is "$(ls -f $mnt/refs | wc -l)" 20003
      jq -r .digest $mnt/refs/a19999/b $mnt/refs/a0/b | sort -u | wc -l | grep -qx 1
      cp $mnt/refs/first $mnt/refs/second
      is "$($casfs ref ls $store | wc -l)" 20002
      is "$($casfs gc --grace 0 $store)" ""
      is "$(readlink $mnt/images/a500/b/layers/00)" ../../../../blobs/sha256/$(printf layer | sha256sum | cut -c 1-64)
      """#, seconds: 240)
  }

  @Test("D6: directories that are swapped for links, again and again, lead nowhere")
  func swapped() throws {
    let workshop = try workshop("tag('a', image)\nput('secret of the store')")
    try workshop.check(
      #"""
      mkdir -p outside/sha256 outside/refs
      hex=$(printf 'secret of the store' | sha256sum | cut -c 1-64)
      other=$(printf outside | sha256sum | cut -c 1-64); printf outside >outside/sha256/$other
      printf 'not what it should be' >outside/sha256/$hex
      $casfs mount $store $mnt
      { set +e
        while :; do
          mv $store/blobs/sha256 $store/blobs/kept; ln -s $top/outside/sha256 $store/blobs/sha256
          # casfs may have made the directory that is missing.
          until rm -rf $store/blobs/sha256; mv -T $store/blobs/kept $store/blobs/sha256; do :; done
        done; } 2>/dev/null & swapper=$!
      for i in {1..150}; do
        got=$(cat $mnt/blobs/sha256/$hex 2>/dev/null || true)
        [ -z "$got" ] || is "$got" 'secret of the store'
        if [ -e $mnt/blobs/sha256/$other ]; then fail 'led out by the mount'; fi
        got=$($casfs blob get $store sha256:$hex 2>/dev/null || true)
        [ -z "$got" ] || is "$got" 'secret of the store'
        if $casfs blob get $store sha256:$other >/dev/null 2>&1; then fail 'led out'; fi
        if [ $((i % 10)) = 0 ]; then
          echo $i >$i; cp $i $mnt/incoming/$i 2>/dev/null || true
          $casfs blob put $store $i >/dev/null 2>&1 || true
          $casfs gc $store >/dev/null 2>&1 || true
          $casfs fsck $store >/dev/null 2>&1 || true
        fi
      done
      kill $swapper; wait $swapper || true
      is "$(ls outside/sha256 | wc -l)" 2
      is "$(cat outside/sha256/$hex)" 'not what it should be'
      if [ -e $store/blobs/kept ]; then rm -rf $store/blobs/sha256; mv $store/blobs/kept $store/blobs/sha256; fi
      eventually grep -q 'secret of' $mnt/blobs/sha256/$hex
      """#, seconds: 120)
  }
}
