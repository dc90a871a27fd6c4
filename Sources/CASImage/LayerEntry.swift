import CASPlatform

/// An extended attribute of a file: `xattr(7)`.
public struct ExtendedAttribute: Hashable, Sendable {
  /// The name with its namespace, as in `user.NAME`.
  public var name: [UInt8]
  /// The value.
  public var value: [UInt8]
}

/// The type of a file in an image.
public enum FileKind: UInt8, Hashable, Sendable {
  /// A regular file.
  case file
  /// A directory.
  case directory
  /// A symbolic link.
  case symbolicLink
  /// A character device.
  case characterDevice
  /// A block device.
  case blockDevice
  /// A FIFO.
  case fifo
}

/// An entry of a layer's tar archive.
struct LayerEntry: Hashable, Sendable {
  /// The type; `nil` is a hard link.
  var kind: FileKind?
  /// The path without `.`, `..`, or a slash at its ends; empty for the root.
  var path: [UInt8]
  /// The target of a link; of a hard link a path like ``path``.
  var link: [UInt8] = []
  /// The permission bits, with set-id and sticky bits.
  var mode: UInt16
  var user: UInt32
  var group: UInt32
  var modified: Timestamp
  /// The length of a file in bytes.
  var size: Int64 = 0
  /// The offset of a file's data in the decoded layer, in bytes.
  var offset: Int64 = 0
  var deviceMajor: UInt32 = 0
  var deviceMinor: UInt32 = 0
  var attributes: [ExtendedAttribute] = []
  /// The pieces of a sparse file; `nil` for one that is not.
  var pieces: [SparsePiece]?
}
