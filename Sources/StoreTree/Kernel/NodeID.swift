/// The number of a node between a lookup and the last forget: FUSE's `nodeid`.
public struct NodeID: Hashable, Sendable {
  /// The number on the wire.
  public let rawValue: UInt64

  /// Makes an id of a number.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The root of the mount: `FUSE_ROOT_ID`.
  public static let root = NodeID(1)
}

/// The number of an open file or directory: FUSE's `fh`.
public typealias HandleID = UInt64
