/// How a tree shows a store.
public struct TreeOptions: Sendable {
  /// Whether nothing can be changed through it.
  public var isReadOnly = false
  /// The owner that is shown for what has none of its own.
  public var user: UInt32
  /// The group that is shown for what has none of its own.
  public var group: UInt32
  /// Permission bits that are taken away from what is shown.
  public var umask: UInt32 = 0
  /// Whether the kernel may keep what it has read of a blob.
  public var cachesBlobs = true
  /// How many names `incoming/` may have.
  public var incomingLimit = 1_000_000
  /// Of how many blobs that were opened lately the files stay open for a moment; there may be twice as many.
  public var recentBlobLimit = 1024
  /// How long those who look at names wait for a commit that does not end.
  public var commitTimeout = Duration.seconds(30)

  /// Shows everything as this user's and group's.
  public init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }
}
