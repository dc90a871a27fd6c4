import TestSupport
import Testing

/// The tree that a mount shows.
@Suite(.needs(.fuse)) struct TreeTests {
  @Test("T1: names with slashes are nested; one below another name is flat; percent signs are encoded")
  func names() throws {
    let workshop = try ScriptedMount()
    try workshop.run("Tree/names.sh")
  }

  @Test("T2: ls, find and stat agree on inode numbers, sizes and types; . and .. are listed")
  func agreement() throws {
    try ScriptedMount.mounted().run("Tree/agreement.sh")
  }

  @Test("T2: a listing of a changing directory has every name that stays, once")
  func stableListing() throws {
    try ScriptedMount.mounted().run("Tree/stable-listing.sh")
  }

  @Test("T6: directories have one link, and tools that use the link count find everything", .needs(.tools("perl")))
  func links() throws {
    try ScriptedMount.mounted().run("Tree/links.sh")
  }

  @Test(
    "T6: a file without a permission bit for it cannot be executed, and access(2) says so",
    arguments: ["", "allow_other"])
  func executing(_ option: String) throws {
    let mount = option.isEmpty ? try ScriptedMount.mounted() : try ScriptedMount.mounted(option)
    try mount.run("Tree/executing.sh")
  }

  @Test("T3: blobs, deletions and tags by other processes show in time")
  func changes() throws {
    try ScriptedMount.mounted().run("Tree/changes.sh")
  }

  @Test("T4: digest and size are attributes of blobs and committed names; others are absent")
  func attributes() throws {
    try ScriptedMount.mounted().run("Tree/attributes.sh")
  }

  @Test("T5: statfs shows the store's file system; links and devices are EPERM everywhere", .needs(.root))
  func specialFiles() throws {
    try ScriptedMount.mounted().run("Tree/special-files.sh")
  }

  @Test("T5: a read-only mount and a store that cannot be written are EROFS everywhere", .needs(.root))
  func readOnly() throws {
    try ScriptedMount.mounted().run("Tree/read-only.sh")
  }
}
