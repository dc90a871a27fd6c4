import TestSupport
import Testing

/// Commands killed before each system call that changes a store.
@Suite(.needs(.tools("strace"))) struct CommandKillTests {
  /// A command to kill, the store it needs, and how to repeat it.
  struct Scene: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Prepares the store, whose layout is `$layout`.
    var before = ""
    /// The file whose blob may be corrupt until the command is repeated.
    var mayCorrupt = ""
    var command: String
    /// Repeats the command and checks the outcome.
    var again: String

    /// The parameters of `scene.bash`.
    func parameters(_ layout: String) -> [String: String] {
      ["layout": layout, "before": before, "command": command, "again": again, "may_corrupt": mayCorrupt]
    }
  }

  static let scenes = [
    Scene(
      testDescription: "blob put", command: #""$casfs" blob put $store two"#,
      again: #"assert_eq "$("$casfs" blob put $store two)" sha256:$(sha256 two)"#),
    Scene(
      testDescription: "blob put of a blob that is there, and old", before: "touch -d '2 days ago' $store/blobs/*/*",
      command: #""$casfs" blob put $store one"#,
      again: #"""
        "$casfs" blob put $store one; assert_eq "$("$casfs" gc --grace 1h $store)" ""
        [ -z "$(find $store/blobs -name $(sha256 one) -mmin +1)" ]
        """#),
    Scene(
      testDescription: "blob put that heals", before: "head -c 5000 /dev/zero >$store/blobs/sha256/$(sha256 old)",
      mayCorrupt: "old", command: #""$casfs" blob put $store old"#,
      again: #""$casfs" blob put $store old; cmp old $store/blobs/sha256/$(sha256 old)"#),
    Scene(
      testDescription: "blob rm", before: #""$casfs" ref rm $store moves"#,
      command: #""$casfs" blob rm $store sha256:$(sha256 old)"#,
      again: #""$casfs" blob rm $store sha256:$(sha256 old); [ ! -e $store/blobs/sha256/$(sha256 old) ]"#),
    Scene(
      testDescription: "ref put", command: #""$casfs" ref put $store two sha256:$(sha256 one)"#,
      again: #""$casfs" ref put $store two sha256:$(sha256 one); echo two $(sha256 one) >>tags"#),
    Scene(
      testDescription: "ref put in the place of another",
      command: #""$casfs" ref put --force $store moves sha256:$(sha256 one)"#,
      again: #""$casfs" ref put --force $store moves sha256:$(sha256 one); echo moves $(sha256 one) >>tags"#),
    Scene(
      testDescription: "ref rm", command: #""$casfs" ref rm $store moves"#,
      again: #""$casfs" ref rm $store moves; assert_eq "$("$casfs" ref ls $store)" one"#),
    Scene(
      testDescription: "gc", before: #""$casfs" ref rm $store moves"#,
      command: #""$casfs" gc --grace 0 $store"#,
      again: #""$casfs" gc --grace 0 $store; assert_blob_count 1"#),
    Scene(
      testDescription: "clean", before: "echo 1 >$store/.casfs-tmp-1; echo 2 >$store/.casfs-tmp-2",
      command: #""$casfs" clean $store"#, again: #""$casfs" clean $store"#),
  ]

  @Test(
    "E4 E5 E10 E12 D3 D4 D8: a command killed before any of its changing system calls loses and leaves nothing",
    arguments: scenes, ["index", "refs"])
  func commands(scene: Scene, layout: String) throws {
    let outcome = try ScriptedMount().run("CommandKill/commands.sh", scene.parameters(layout), seconds: 240)
    print("\(scene.testDescription), \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("D2: create killed before any system call leaves nothing or a valid store", arguments: ["index", "refs"])
  func creation(layout: String) throws {
    let outcome = try ScriptedMount().run("CommandKill/creation.sh", ["layout": layout], seconds: 120)
    print("create, \(layout): \(outcome.lines.last ?? "")")
  }

  @Test(
    "D2: create removes neither a store that another process creates nor one with the name of a temporary directory")
  func creations() throws {
    try ScriptedMount().run("CommandKill/creations.sh")
  }
}
