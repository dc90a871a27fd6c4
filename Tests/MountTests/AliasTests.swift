import TestSupport
import Testing

/// Metadata and lifetime of names in `incoming/`.
@Suite(.needs(.fuse)) struct AliasTests {
  @Test("I8: group ownership follows the rules of a disk", .needs(.root, .tools("setpriv", "rsync")))
  func groups() throws {
    try ScriptedMount.mounted("allow_other,uid=65534,gid=65534").run("Alias/groups.sh")
  }

  @Test("I8: a removed blob's names disappear from every directory, also when another process removed it")
  func removedByOthers() throws {
    try ScriptedMount.mounted().run("Alias/removed-by-others.sh")
  }

  @Test("I8: an open file stays readable after its name or its blob is removed")
  func removed() throws {
    try ScriptedMount.mounted().run("Alias/removed.sh")
  }

  @Test("T4 I8: tools that preserve extended attributes copy files out and in", .needs(.tools("rsync")))
  func attributesKept() throws {
    try ScriptedMount.mounted().run("Alias/attributes-kept.sh")
  }

  @Test("I8: a link longer than PATH_MAX is ENAMETOOLONG, and its directory can be removed")
  func deep() throws {
    try ScriptedMount.mounted().run("Alias/deep.sh")
  }
}
