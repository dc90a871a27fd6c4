/// The number by which the kernel knows a node while it remembers it: FUSE's `nodeid`.
public struct NodeID: Hashable, Sendable {
  /// The number.
  public let rawValue: UInt64

  /// Takes a number the kernel sent.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The mount's own directory: `FUSE_ROOT_ID`.
  public static let root = NodeID(1)
}

/// The number of an open file or directory: FUSE's `fh`.
public typealias HandleID = UInt64
