import TestSupport
import Testing

/// What a name of `incoming/` is to the tools that look at it, besides its content.
@Suite(.needs(.fuse)) struct AliasTests {
  @Test("I8: groups are given as on a disk", .needs(.root, .tools("setpriv", "rsync")))
  func groups() throws {
    try ScriptedMount.mounted("allow_other,uid=65534,gid=65534").run("Alias/groups.sh")
  }

  @Test("I8: a name goes with its blob wherever it is looked for first, whoever removed it")
  func removedByOthers() throws {
    try ScriptedMount.mounted().run("Alias/removed-by-others.sh")
  }

  @Test("I8: who has a name open goes on when it, or its blob, is removed")
  func removed() throws {
    try ScriptedMount.mounted().run("Alias/removed.sh")
  }

  @Test("T4 I8: tools that keep extended attributes take a file out and bring it in", .needs(.tools("rsync")))
  func attributesKept() throws {
    try ScriptedMount.mounted().run("Alias/attributes-kept.sh")
  }

  @Test("I8: a link longer than a path can be is ENAMETOOLONG, and what it is in can be removed")
  func deep() throws {
    try ScriptedMount.mounted().run("Alias/deep.sh")
  }
}
