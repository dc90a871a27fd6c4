/// The state of a tree: what the kernel holds of it, and what it has done since it was made.
public struct TreeStatus: Sendable {
  /// Commits under way.
  public var pendingCommits: Int
  /// Nodes that the kernel has looked up and not forgotten.
  public var nodes: Int
  /// Open files.
  public var openFiles: Int
  /// What was done so far: bytes read and written, opens, verifications, commits, discards and failures.
  public var counters: [(name: String, value: Int64)]
}
