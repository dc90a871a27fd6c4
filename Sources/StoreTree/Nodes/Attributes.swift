public import CASPlatform

/// The file type of a node.
public enum NodeKind: Sendable {
  /// A regular file.
  case file
  /// A directory.
  case directory
  /// A symbolic link.
  case link
  /// A character device.
  case characterDevice
  /// A block device.
  case blockDevice
  /// A FIFO.
  case fifo
}

/// The attributes of a node: `stat(2)`.
public struct Attributes: Sendable {
  /// The inode number.
  public var inode: UInt64
  /// The file type.
  public var kind: NodeKind
  /// The permission bits.
  public var permissions: UInt32
  /// The number of links. A directory has one, which says that its subdirectories are not counted.
  public var links: UInt32 = 1
  /// The owner's user id.
  public var user: UInt32
  /// The owner's group id.
  public var group: UInt32
  /// The length in bytes.
  public var size: Int64
  /// The numbers of a device.
  public var device: (major: UInt32, minor: UInt32) = (0, 0)
  /// The space in bytes that the content takes; `nil` for the length.
  public var allocatedSize: Int64?
  /// The time of the last access.
  public var accessed: Timestamp
  /// The time of the last change of the content.
  public var modified: Timestamp
  /// The time of the last change of the content or the attributes.
  public var changed: Timestamp
  /// How long the kernel may cache these attributes.
  public var attributeTimeout: Duration
}

/// Attributes to set: `FUSE_SETATTR`. A `nil` leaves an attribute as it is.
public struct AttributeChanges: Sendable {
  /// The permission bits.
  public var permissions: UInt32?
  /// The owner's user id.
  public var user: UInt32?
  /// The owner's group id.
  public var group: UInt32?
  /// The length in bytes.
  public var size: Int64?
  /// The time of the last access.
  public var accessed: Timestamp?
  /// The time of the last change of the content.
  public var modified: Timestamp?

  /// Makes an empty set of changes.
  public init() {}
}

/// Whether an extended attribute must exist before it is set: `XATTR_CREATE`, `XATTR_REPLACE`.
public enum AttributePresence: Sendable {
  /// Either way.
  case either
  /// The attribute must not exist: `XATTR_CREATE`.
  case absent
  /// The attribute must exist: `XATTR_REPLACE`.
  case present
}
