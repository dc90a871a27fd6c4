public import CASImage

/// The state of a tree: the nodes and handles that the kernel holds, and the operations so far.
public struct TreeStatus: Sendable {
  /// Commits under way.
  public var pendingCommits: Int
  /// Nodes that the kernel has looked up and not forgotten.
  public var nodes: Int
  /// Open files.
  public var openFiles: Int
  /// Images whose layers are being read for the first time.
  public var images: [ImageProgress]
  /// The counters: bytes read and written, opens, verifications, commits, discards and failures.
  public var counters: [(name: String, value: Int64)]
}
