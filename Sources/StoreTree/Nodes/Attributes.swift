public import CASPlatform

/// What a name stands for.
public enum NodeKind: Sendable {
  /// A regular file.
  case file
  /// A directory.
  case directory
  /// A symbolic link.
  case link
}

/// What `stat(2)` tells of a node.
public struct Attributes: Sendable {
  /// The inode number.
  public var inode: UInt64
  /// What it is.
  public var kind: NodeKind
  /// The permission bits.
  public var permissions: UInt32
  /// How many names it has.
  public var links: UInt32 = 1
  /// The owner's user id.
  public var user: UInt32
  /// The owner's group id.
  public var group: UInt32
  /// The length in bytes.
  public var size: Int64
  /// When it was last read.
  public var accessed: Timestamp
  /// When its content was last changed.
  public var modified: Timestamp
  /// When anything about it was last changed.
  public var changed: Timestamp
  /// How long the kernel may keep these attributes, in seconds.
  public var attributeTimeout: Duration
}

/// Attributes to set; what is `nil` stays.
public struct AttributeChanges: Sendable {
  /// The permission bits.
  public var permissions: UInt32?
  /// The owner's user id.
  public var user: UInt32?
  /// The owner's group id.
  public var group: UInt32?
  /// The length in bytes.
  public var size: Int64?
  /// When it was last read.
  public var accessed: Timestamp?
  /// When its content was last changed.
  public var modified: Timestamp?

  /// Changes nothing yet.
  public init() {}
}

/// Whether an extended attribute must be there before it is set: `XATTR_CREATE`, `XATTR_REPLACE`.
public enum AttributePresence: Sendable {
  /// It does not matter.
  case either
  /// It must not be there.
  case absent
  /// It must be there.
  case present
}
