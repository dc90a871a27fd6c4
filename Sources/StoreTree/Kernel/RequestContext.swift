public import CAS

/// The caller of a request, and how the request may block.
public struct RequestContext: Sendable {
  /// The caller's user id.
  public var user: UInt32
  /// The caller's group id.
  public var group: UInt32
  /// The caller's thread id; 0 when the caller is in a pid namespace that cannot be seen.
  public var thread: Int32
  /// The caller's file mode creation mask.
  public var umask: UInt32
  /// In a close, the number of the descriptor table that the descriptor was in: `lock_owner` of FUSE_FLUSH. The threads of a
  /// process share one; 0 when it is not known.
  public var descriptorTable: UInt64
  /// Called before the request blocks, so that other requests are served meanwhile.
  public var willBlock: @Sendable () -> Void
  /// Whether a process that has died may have had the effect of the request.
  public var isResent: Bool
  /// Cancelled when the caller is interrupted.
  public var cancellation: CancellationToken

  /// Makes a context of its parts.
  public init(
    user: UInt32, group: UInt32, thread: Int32, umask: UInt32 = 0, descriptorTable: UInt64 = 0, isResent: Bool = false,
    willBlock: @escaping @Sendable () -> Void = {}, cancellation: CancellationToken = .none
  ) {
    self.user = user
    self.group = group
    self.thread = thread
    self.umask = umask
    self.descriptorTable = descriptorTable
    self.isResent = isResent
    self.willBlock = willBlock
    self.cancellation = cancellation
  }
}
