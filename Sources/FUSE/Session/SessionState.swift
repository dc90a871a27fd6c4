import CASPlatform
import CFUSE
import StoreTree

/// The state that libfuse's callbacks find by their user data.
@safe
final class SessionState: Sendable {
  let tree: Tree
  let workers = WorkerPool()
  let negotiation: InitNegotiation
  let interruptTable = InterruptTable()
  let deferredReply = DeferredReply()
  /// The lengths that the replies to reads must have.
  let readReplies = ReadReplies()
  let reloads = ReloadRequests()
  /// The longest read request in bytes; 0 means no limit.
  let maximumRead: UInt32
  /// Whether libfuse may use `splice(2)` for replies.
  let splices: Bool
  /// `nil` if idle CPUs are to sleep.
  let cpuLatency: CPULatencyRequest?
  /// The mount and the log that outlive this process; `nil` for a mount that ends with it.
  let kept: KeptState?
  private let description: MountDescription?
  private let connectedPassthrough = Monitor<Passthrough?>(nil)
  private let attributeInvalidator = Monitor<(@Sendable (NodeID) -> Void)?>(nil)

  /// - Parameter description: the constant part of the mount's status; `nil` for a session without a mount.
  init(
    _ tree: Tree, _ description: MountDescription?, maximumRead: UInt32, _ readMode: ReadMode?,
    _ cpuLatency: CPULatencyRequest?, _ kept: KeptState? = nil
  ) {
    self.kept = kept
    self.tree = tree
    self.description = description
    self.maximumRead = maximumRead
    self.cpuLatency = cpuLatency
    splices = readMode != .copy
    var wanted: InitNegotiation.Features = [.parallelDirectoryOperations, .directIOMapping]
    if tree.hasWholeFiles, readMode == nil || readMode == .passthrough { wanted.insert(.passthrough) }
    if tree.readsWithoutHandles { wanted.insert(.implicitOpens) }
    if kept != nil, description?.resendingObstacle == nil { wanted.insert(.resending) }
    negotiation = InitNegotiation(
      wanting: wanted, stackDepth: tree.isStacked ? 2 : 1, repeating: kept?.mount.initRequest)
  }

  /// The state of the session of a request. It is taken before the request is served, which may be gone then: a signal
  /// answers it early.
  static func of(_ request: fuse_req_t?) -> SessionState? {
    unsafe request.map { unsafe of(fuse_req_userdata($0)) }
  }

  /// The state behind a session's user data.
  static func of(_ data: UnsafeMutableRawPointer) -> SessionState {
    unsafe Unmanaged<SessionState>.fromOpaque(data).takeUnretainedValue()
  }

  /// Applies the features that FUSE_INIT granted.
  ///
  /// - Parameter device: the descriptor of `/dev/fuse`.
  func didConnect(device: Int32) {
    if negotiation.granted.contains(.passthrough) {
      connectedPassthrough.withLock { $0 = Passthrough(device: device, log: kept?.log) }
    }
  }

  /// Sets the function that makes the kernel drop the cached attributes of a node.
  func invalidateAttributes(with invalidator: @escaping @Sendable (NodeID) -> Void) {
    attributeInvalidator.withLock { $0 = invalidator }
  }

  /// Makes the kernel drop the cached attributes of a node. A request about the node may be under way: unlike other
  /// notifications, this one waits for no lock.
  func invalidateAttributes(of node: NodeID) {
    attributeInvalidator.withLock(notifying: .none) { $0 }?(node)
  }

  /// Does what was deferred while requests arrived in quick succession.
  func willStop(_ device: Int32) {
    deferredReply.send(device)
    cpuLatency?.release()
  }

  /// Whether the kernel opens and closes files by itself, and reads them by their nodes alone.
  var opensImplicitly: Bool { negotiation.granted.contains(.implicitOpens) }

  /// Whether requests that this process reads end with it, and are not sent to another.
  var endsUnanswered: Bool { description?.resendingObstacle != nil }

  /// `nil` if the kernel did not grant it.
  var passthrough: Passthrough? { connectedPassthrough.withLock(notifying: .none) { $0 } }

  /// How blobs are read.
  var readMode: ReadMode { passthrough?.isUsable == true ? .passthrough : splices ? .splice : .copy }

  /// The state of the mount now.
  var status: MountStatus {
    MountStatus(
      description: description, readMode: readMode, tree: tree.status,
      reloadFailures: reloads.failures { kept?.mount.reloadFailures })
  }
}
