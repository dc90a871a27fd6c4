import SystemPackage

/// A file or directory that every layout has: `index.json`, `oci-layout`, `blobs`, the directories of the algorithms, and the
/// root. None has a mode, an owner or times of its own.
///
/// A tool that copies a layout sets them on each, which succeeds and is not kept.
protocol LayoutNode: Node {
  var shared: TreeContext { get }
}

extension LayoutNode {
  /// Accepts an access control list that is no more than a mode.
  ///
  /// - Throws: EOPNOTSUPP for any other attribute; tools that copy attributes ignore it.
  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    guard shared.isWritable else { throw .readOnlyFileSystem }
    try AccessControlList.requireMinimal(name, value)
  }

  func removeExtendedAttribute(_ name: String) throws(Errno) {
    throw shared.isWritable ? .noData : .readOnlyFileSystem
  }
}

extension LayoutNode where Self: SyntheticDirectory {
  /// Accepts owner, mode and times without keeping them, as the tools that copy directories expect.
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    guard shared.isWritable else { throw .readOnlyFileSystem }
    if changes.size != nil { throw .isDirectory }
    return try attributes(context)
  }
}
