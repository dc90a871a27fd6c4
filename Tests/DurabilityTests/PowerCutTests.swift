import TestSupport
import Testing

/// Power cuts. A copy of the image below a file system has the disk's content at that moment, without data that is only
/// in memory; mounting the copy replays the journal, as a restarted machine does.
@Suite(.serialized, .needs(.fuse, .root, .loop, .tools("strace"))) struct PowerCutTests {
  /// An acknowledged change, and how to find it after the power cut.
  struct Scene: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var isMounted = false
    /// Prepares the disk.
    var before = ""
    var act: String
    /// Looks for the change in the recovered `$store`.
    var survived: String

    /// The parameters of the scripts.
    func parameters(_ layout: String) -> [String: String] {
      [
        "layout": layout, "mounted": isMounted ? "yes" : "", "before": before, "act": act, "survived": survived,
      ]
    }
  }

  static let scenes = [
    Scene(
      testDescription: "blob put", act: #""$casfs" blob put $store new"#,
      survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "blob put of what another program wrote",
      act: #"cp new $store/blobs/sha256/$(sha256 new); "$casfs" blob put $store new"#,
      survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "blob put that heals", before: "head -c 100 /dev/zero >$store/blobs/sha256/$(sha256 new)",
      act: #""$casfs" blob put $store new"#, survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "blob put with another algorithm's directory gone", before: "rmdir $store/blobs/sha256",
      act: #""$casfs" blob put $store new"#, survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "ref put", before: #""$casfs" blob put $store new"#,
      act: #""$casfs" ref put $store new sha256:$(sha256 new)"#,
      survived: #""$casfs" ref get $store new | grep $(sha256 new)"#),
    Scene(
      testDescription: "ref rm", before: #"tag old"#, act: #""$casfs" ref rm $store old"#,
      survived: #"! "$casfs" ref get $store old"#),
    Scene(
      testDescription: "gc after a tag was put", before: "tag old; touch -d '2 days ago' $store/blobs/*/*",
      act: #""$casfs" ref put $store new sha256:$(sha256 old); "$casfs" ref rm $store old; "$casfs" gc $store"#,
      survived: #"assert_eq "$("$casfs" ref ls $store)" new; cmp old $store/blobs/sha256/$(sha256 old)"#),
    Scene(
      testDescription: "create", act: #""$casfs" create $disk/a/b/other"#,
      survived: #""$casfs" fsck $disk/a/b/other; ls $disk/a/b/other/oci-layout"#),
    Scene(
      testDescription: "cp into incoming", isMounted: true, act: "cp new $mnt/incoming/new",
      survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "cp into incoming that heals", isMounted: true,
      before: "head -c 100 /dev/zero >$store/blobs/sha256/$(sha256 new)", act: "cp new $mnt/incoming/new",
      survived: "cmp new $store/blobs/sha256/$(sha256 new)"),
    Scene(
      testDescription: "echo into refs", isMounted: true, before: #""$casfs" blob put $store new"#,
      act: "echo sha256:$(sha256 new) >$mnt/refs/new", survived: #""$casfs" ref get $store new | grep $(sha256 new)"#),
    Scene(
      testDescription: "mv in refs", isMounted: true, before: "tag old", act: "mv $mnt/refs/old $mnt/refs/new",
      survived: #"assert_eq "$("$casfs" ref ls $store)" new"#),
  ]

  @Test("D2 D3 D4 D8 E5 I2 R1 R3: an acknowledged change survives a power cut", arguments: scenes, ["index", "refs"])
  func survives(scene: Scene, layout: String) throws {
    try ScriptedMount().run("PowerCut/survives.sh", scene.parameters(layout))
  }

  /// A scene, its layout, and the files whose `fsync(2)` it needs: a temporary file, a blob that another program wrote,
  /// a directory.
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

  @Test("D3 D4 I2 R3: an acknowledged change is lost without any one of the fsync(2) calls it needs", arguments: needs)
  func isLostWithoutOne(need: Need) throws {
    let scene = try #require(Self.scenes.first { $0.testDescription == need.scene })
    try ScriptedMount().run(
      "PowerCut/is-lost-without-one.sh",
      scene.parameters(need.layout).merging(["needed": need.files.joined(separator: "\n")]) { $1 }, seconds: 120)
  }

  @Test("An acknowledged change is lost without its fsync(2) calls", arguments: scenes, ["index", "refs"])
  func isLostOtherwise(scene: Scene, layout: String) throws {
    try ScriptedMount().run("PowerCut/is-lost-otherwise.sh", scene.parameters(layout))
  }
}
