import CASPlatform
import CFUSE
import StoreTree

/// What libfuse's callbacks find: the tree, the threads that serve it, and how the kernel is served.
@safe
final class SessionState: Sendable {
  let tree: Tree
  let workers = WorkerPool()
  let negotiation: InitNegotiation
  /// Those who wait for what takes long.
  let interruptTable = InterruptTable()
  let deferredRelease = DeferredReply()
  /// The longest read request in bytes; 0 is no limit.
  let maximumRead: UInt32
  /// Whether pages may move to the kernel without being copied.
  let splices: Bool
  /// `nil` when processors sleep as they like.
  let cpuLatency: CPULatencyRequest?
  private let connection = Monitor<Passthrough?>(nil)

  init(_ tree: Tree, maximumRead: UInt32, _ readMode: ReadMode?, _ cpuLatency: CPULatencyRequest?) {
    self.tree = tree
    self.maximumRead = maximumRead
    self.cpuLatency = cpuLatency
    splices = readMode != .copy
    var wanted: InitNegotiation.Features = [.parallelDirectoryOperations, .directIOMapping]
    if tree.hasWholeFiles, readMode == nil || readMode == .passthrough { wanted.insert(.passthrough) }
    negotiation = InitNegotiation(wanting: wanted, stackDepth: tree.isStacked ? 2 : 1)
  }

  /// What a session was made with.
  static func of(_ data: UnsafeMutableRawPointer) -> SessionState {
    unsafe Unmanaged<SessionState>.fromOpaque(data).takeUnretainedValue()
  }

  /// Notes that the kernel has answered.
  ///
  /// - Parameter device: the descriptor of `/dev/fuse`.
  func connected(device: Int32) {
    if negotiation.granted.contains(.passthrough) {
      connection.withLock { $0 = Passthrough(device: device) }
    }
    // It must not keep this, and a weak reference would make every other one slow.
    tree.describeReadMode { [passthrough, splices] in Self.readMode(passthrough, splices).rawValue }
  }

  /// Does what was put off for as long as requests come one after the other: there is none now.
  func rest(_ device: Int32) {
    deferredRelease.send(device)
    cpuLatency?.release()
  }

  /// What hands files to the kernel, where it takes them.
  var passthrough: Passthrough? { connection.withLock(notifying: .none) { $0 } }

  /// How blobs are read.
  var readMode: ReadMode { Self.readMode(passthrough, splices) }

  private static func readMode(_ passthrough: Passthrough?, _ splices: Bool) -> ReadMode {
    passthrough?.isUsable == true ? .passthrough : splices ? .splice : .copy
  }
}
