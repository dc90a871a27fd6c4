/// The result of a lookup: `struct fuse_entry_param`.
public struct Entry: Sendable {
  /// The node, with one more lookup counted.
  public var node: NodeID
  /// The node's attributes.
  public var attributes: Attributes
  /// How long the kernel may cache the name.
  public var entryTimeout: Duration
}

/// An entry of a directory: `readdir(3)`.
public struct DirectoryEntry: Sendable {
  /// The name.
  public var name: String
  /// The inode number.
  public var inode: UInt64
  /// The file type.
  public var kind: NodeKind
}
