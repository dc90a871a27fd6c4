import TestSupport
import Testing

/// Power cuts. What a disk holds at a moment is what a copy of the image below it shows, for what the system still has
/// in memory is not in there; mounting the copy replays the journal, as a machine does that starts again.
@Suite(.serialized, .needs(.fuse, .root, .loop, .tools("strace"))) struct PowerCutTests {
  /// Something that is acknowledged, and how it is seen after the power cut.
  struct Scene: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var isMounted = false
    /// What is on the disk before.
    var before = ""
    var act: String
    /// With the store as it was found in `$store`.
    var survived: String

    /// Makes the disk, with what is on it before.
    func prepare(_ layout: String) -> String {
      "fresh \(layout)\n\(before)\nsync -f disk; sleep 0.1"
    }
  }

  static let scenes = [
    Scene(
      testDescription: "blob put", act: #""$casfs" blob put $store new"#,
      survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "blob put of what another program wrote",
      act: #"cp new $store/blobs/sha256/$(hex new); "$casfs" blob put $store new"#,
      survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "blob put that heals", before: "head -c 100 /dev/zero >$store/blobs/sha256/$(hex new)",
      act: #""$casfs" blob put $store new"#, survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "blob put with another algorithm's directory gone", before: "rmdir $store/blobs/sha256",
      act: #""$casfs" blob put $store new"#, survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "ref put", before: #""$casfs" blob put $store new"#,
      act: #""$casfs" ref put $store new sha256:$(hex new)"#,
      survived: #""$casfs" ref get $store new | grep $(hex new)"#),
    Scene(
      testDescription: "ref rm", before: #"tag old"#, act: #""$casfs" ref rm $store old"#,
      survived: #"! "$casfs" ref get $store old"#),
    Scene(
      testDescription: "gc after a tag was put", before: "tag old; touch -d '2 days ago' $store/blobs/*/*",
      act: #""$casfs" ref put $store new sha256:$(hex old); "$casfs" ref rm $store old; "$casfs" gc $store"#,
      survived: #"is "$("$casfs" ref ls $store)" new; cmp old $store/blobs/sha256/$(hex old)"#),
    Scene(
      testDescription: "create", act: #""$casfs" create $disk/a/b/other"#,
      survived: #""$casfs" fsck $disk/a/b/other; ls $disk/a/b/other/oci-layout"#),
    Scene(
      testDescription: "cp into incoming", isMounted: true, act: "cp new $mnt/incoming/new",
      survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "cp into incoming that heals", isMounted: true,
      before: "head -c 100 /dev/zero >$store/blobs/sha256/$(hex new)", act: "cp new $mnt/incoming/new",
      survived: "cmp new $store/blobs/sha256/$(hex new)"),
    Scene(
      testDescription: "echo into refs", isMounted: true, before: #""$casfs" blob put $store new"#,
      act: "echo sha256:$(hex new) >$mnt/refs/new", survived: #""$casfs" ref get $store new | grep $(hex new)"#),
    Scene(
      testDescription: "mv in refs", isMounted: true, before: "tag old", act: "mv $mnt/refs/old $mnt/refs/new",
      survived: #"is "$("$casfs" ref ls $store)" new"#),
  ]

  private static let words = #"""
    disk=$top/disk store=$top/disk/store; mkdir disk after
    head -c 200000 /dev/urandom >new; seq 1000 >old
    tag() { "$casfs" blob put $store $1; "$casfs" ref put $store $1 sha256:$(hex $1); }
    # fresh LAYOUT: a disk with a store; nothing else writes it out, so what is durable was made so
    fresh() {
      rm -f image; truncate -s 48M image
      mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 image
      # Nor does it write out what takes the place of something, as it does for programs that forget to.
      mount -o loop,commit=300,noauto_da_alloc image disk
      "$casfs" create --layout $1 $store
    }
    # powercut COMMAND…: power fails; the command looks at what was on the disk
    powercut() {
      local status=0
      cp --sparse=always image copy
      # The file system of the machine that goes on keeps its own disk.
      mount -o loop copy after
      (disk=$top/after store=$top/after/store; eval "$1" && "$casfs" fsck $store) >said 2>&1 || status=$?
      umount after; e2fsck -fn copy >checked 2>&1 || fail "the file system is damaged: $(cat checked)"
      return $status
    }

    """#

  @Test("D2 D3 D4 D8 E5 I2 R1 R3: what was acknowledged survives a power cut", arguments: scenes, ["index", "refs"])
  func survives(scene: Scene, layout: String) throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        \#(scene.prepare(layout))
        \#(scene.isMounted ? #""$casfs" mount $store $mnt"# : "")
        \#(scene.act)
        powercut '\#(scene.survived)' || fail "lost: $(cat said)"
        \#(scene.isMounted ? #""$casfs" unmount $mnt"# : "")
        umount disk
        """#)
  }

  /// A scene, its layout, and the files whose `fsync(2)` is needed: one in the making, a blob that another program
  /// wrote, a directory.
  struct Need: Sendable, CustomTestStringConvertible {
    var scene: String
    var layout: String
    var files: [String]

    var testDescription: String { "\(scene), \(layout)" }
  }

  static let needs = [
    Need(scene: "blob put", layout: "index", files: ["(deleted)", "/blobs/sha256"]),
    Need(scene: "blob put that heals", layout: "index", files: ["(deleted)", "/blobs/sha256"]),
    Need(scene: "blob put of what another program wrote", layout: "index", files: ["/blobs/sha256/HEX"]),
    Need(scene: "cp into incoming", layout: "index", files: ["(deleted)", "/blobs/sha256"]),
    Need(scene: "ref put", layout: "index", files: ["/.casfs-tmp-", "/"]),
    Need(scene: "ref put", layout: "refs", files: ["/.casfs-tmp-", "/refs"]),
    Need(scene: "mv in refs", layout: "index", files: ["/.casfs-tmp-", "/"]),
    Need(scene: "mv in refs", layout: "refs", files: ["/refs"]),
    Need(scene: "gc after a tag was put", layout: "index", files: ["/.casfs-tmp-", "/"]),
  ]

  @Test("D3 D4 I2 R3: without any one fsync(2) that is needed it would be lost", arguments: needs)
  func isLostWithoutOne(need: Need) throws {
    let scene = try #require(Self.scenes.first { $0.testDescription == need.scene })
    try ScriptedMount().check(
      Self.words
        + #"""
        real=$casfs; : >needed
        for n in 1 2 3 4 5 6; do
          casfs=$real; \#(scene.prepare(need.layout))
          printf '#!/bin/sh\nexec strace -f -y -A -qq -o trace -e trace=fsync -e inject=fsync:retval=0:when=%s %s "$@"\n' \
            $n "$casfs" >without
          chmod +x without; : >trace
          \#(scene.isMounted ? "./without mount -f $store $mnt & eventually test -d $mnt/blobs" : "casfs=./without")
          \#(scene.act)
          casfs=$real
          # Of several commands each lacks its own.
          left=$(grep INJECTED trace | sed -E 's/.*fsync\([0-9]+<([^>]*)>(.*)\) += .*/\1\2/' | tail -n 1 || true)
          if [ "$left" ] && ! powercut '\#(scene.survived)'; then echo "${left#"$store"}" >>needed; fi
          \#(scene.isMounted ? #""$casfs" unmount $mnt; wait"# : "")
          umount disk
          [ "$left" ] || break
        done
        sed -E 's/^$/\//; s/[0-9a-f]{64}$/HEX/; s/(tmp-)[0-9a-f]+$/\1/; s/.*\(deleted\)/(deleted)/' needed >got
        printf '%s\n' \#(need.files.map { "'\($0)'" }.joined(separator: " ")) | cmp - got || fail "needed: $(cat needed)"
        """#, seconds: 120)
  }

  @Test("without its fsync(2) calls it would be lost", arguments: scenes, ["index", "refs"])
  func isLostOtherwise(scene: Scene, layout: String) throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        \#(scene.prepare(layout))
        # The calls succeed and do nothing.
        cat >without <<E
        #!/bin/sh
        exec strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:retval=0 "$casfs" "\$@"
        E
        chmod +x without; real=$casfs
        \#(scene.isMounted ? "./without mount -f $store $mnt & eventually test -d $mnt/blobs" : "casfs=$top/without")
        \#(scene.act)
        casfs=$real
        if powercut '\#(scene.survived)'; then fail "it is there without any fsync"; fi
        \#(scene.isMounted ? #""$casfs" unmount $mnt; wait"# : "")
        umount disk
        """#)
  }
}
