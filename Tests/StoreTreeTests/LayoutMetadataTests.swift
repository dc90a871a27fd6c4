import CASPlatform
import SystemPackage
import Testing

@testable import StoreTree

/// Modes, owners, times and attributes of the files and directories of a layout, as tools that copy one set them.
@Suite struct LayoutMetadataTests {
  @Test(
    "W9: mode, owner, times and access control lists of what casfs decides are accepted and not kept",
    arguments: ["index.json", "oci-layout", "", "blobs", "blobs/sha256"])
  func metadata(_ path: String) throws {
    let tree = try TestTree()
    let before = try tree.attributes(path)
    try tree.set(path) { $0.permissions = 0o600 }
    try tree.set(path) { $0.user = 7 }
    try tree.set(path) { $0.modified = Timestamp(seconds: 1, nanoseconds: 0) }
    try setList([(0x01, 6), (0x04, 4), (0x20, 4)], of: path, tree)
    let after = try tree.attributes(path)
    #expect(after.permissions == before.permissions)
    #expect(after.user == before.user)
    #expect(after.modified == before.modified)
    // A named user is more than a mode.
    #expect(throws: Errno.notSupportedOnSocket) {
      try setList([(0x01, 6), (0x02, 7), (0x04, 4), (0x10, 7), (0x20, 4)], of: path, tree)
    }
    #expect(throws: Errno.notSupportedOnSocket) { try tree.setExtendedAttribute("user.x", "y", of: path) }
  }

  @Test(
    "W12: a read-only mount refuses modes, times and access control lists",
    arguments: ["index.json", "oci-layout", "", "blobs", "blobs/sha256"])
  func readOnlyMetadata(_ path: String) throws {
    let tree = try TestTree { $0.isReadOnly = true }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.permissions = 0o600 } }
    #expect(throws: Errno.readOnlyFileSystem) {
      try setList([(0x01, 6), (0x04, 4), (0x20, 4)], of: path, tree)
    }
  }

  @Test("T5: images and committed refuse modes, times and access control lists", arguments: ["images", "committed"])
  func otherDirectories(_ path: String) throws {
    let tree = try TestTree()
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.permissions = 0o600 } }
    #expect(throws: Errno.readOnlyFileSystem) { try tree.set(path) { $0.modified = .now } }
    #expect(throws: Errno.readOnlyFileSystem) {
      try setList([(0x01, 6), (0x04, 4), (0x20, 4)], of: path, tree)
    }
  }

  /// Sets an access control list: entries of tag and permissions.
  private func setList(_ entries: [(tag: UInt8, permissions: UInt8)], of path: String, _ tree: TestTree) throws {
    let list: [UInt8] = [2, 0, 0, 0] + entries.flatMap { [$0.tag, 0, $0.permissions, 0, 255, 255, 255, 255] }
    try tree.tree.setExtendedAttribute(
      AccessControlList.attribute, to: list, of: tree.node(path), mustBe: .either, tree.context())
  }
}
