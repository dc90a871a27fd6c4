/// What a lookup found.
public struct Entry: Sendable {
  /// The node, remembered once more on the kernel's behalf until it is forgotten.
  public var node: NodeID
  /// Its attributes.
  public var attributes: Attributes
  /// How long the kernel may keep the name, in seconds.
  public var entryTimeout: Duration
}

/// One entry of a directory.
public struct DirectoryEntry: Sendable {
  /// The name.
  public var name: String
  /// The inode number.
  public var inode: UInt64
  /// What it is.
  public var kind: NodeKind
}
