import CASPlatform
import CFUSE
import CLinux
import Glibc
import StoreTree
import Synchronization
import SystemPackage

/// Hands files of the store to the kernel, which then reads them without the daemon: `FUSE_PASSTHROUGH`, Linux 6.9.
///
/// All concurrent opens of a node must use the same file, or all go through the daemon; the kernel fails others with
/// EIO. The first open decides.
final class Passthrough: Sendable {
  private struct OpenNode {
    /// `nil` while the node is read through the daemon.
    var id: BackingID?
    var opens = 0
  }

  /// The kernel's answers to every file of this user: no CAP_SYS_ADMIN, a stack of file systems that is too deep, or no
  /// passthrough at all.
  private static let permanentErrors: [Errno] = [
    .notPermitted, .tooManySymbolicLinkLevels, .notSupportedOnSocket, .noFunction,
  ]

  private let register: @Sendable (Int32) -> Int32
  private let close: @Sendable (Int32) -> Void
  private let nodes = Monitor<[NodeID: OpenNode]>([:])
  private let isRefused = Atomic(false)
  private let log: StateLog?

  /// - Parameter device: the descriptor of `/dev/fuse`.
  /// - Parameter log: has the files of earlier processes of the mount, and records those of this one.
  convenience init(device: Int32, log: StateLog?) {
    self.init(
      registering: { casfs_backing_open(device, $0) }, closing: { casfs_backing_close(device, $0) }, log: log)
    // Any file shows whether the kernel takes files from this user.
    if let file = try? OpenFile.open(path: "/proc/self/exe", .readOnly) { _ = id(for: file) }
  }

  /// - Parameter register: returns the backing id of a descriptor, or an errno, negated.
  /// - Parameter close: closes a backing id.
  init(
    registering register: @escaping @Sendable (Int32) -> Int32, closing close: @escaping @Sendable (Int32) -> Void,
    log: StateLog? = nil
  ) {
    guard let log else {
      (self.register, self.close, self.log) = (register, close, nil)
      return
    }
    self.log = log
    self.register = { file in
      let id = register(file)
      if id > 0 { log.add(.registered(id)) }
      return id
    }
    self.close = { id in
      log.add(.closed(id))
      close(id)
    }
    restore(log.passthrough, closing: close)
  }

  /// Takes over what the kernel keeps of earlier processes.
  private func restore(_ state: PassthroughState, closing close: (Int32) -> Void) {
    let ids = Set(state.nodes.values.compactMap(\.id))
    for unused in state.ids.subtracting(ids) { self.close(unused) }
    // A process that died between a registration and its record: the kernel counts ids up. Others are ENOENT.
    if state.lastID > 0, state.lastID < .max - Self.unrecordedLimit {
      for unrecorded in state.lastID + 1...state.lastID + Self.unrecordedLimit { close(unrecorded) }
    }
    let backings = Dictionary(uniqueKeysWithValues: ids.map { ($0, BackingID($0, closingWith: self.close)) })
    nodes.withLock { nodes in
      nodes = state.nodes.mapValues { OpenNode(id: $0.id.flatMap { backings[$0] }, opens: $0.opens) }
    }
  }

  /// The most registrations that a process can have made without a record: one by each of some threads.
  private static let unrecordedLimit: Int32 = 16

  /// Whether an earlier process had the effect of a request, and died before its reply.
  private func hasEffect(of unique: UInt64) -> Bool {
    guard unique & InHeader.resentBit != 0, let log else { return false }
    return log.passthrough.hasEffect(of: unique & ~InHeader.resentBit)
  }

  /// Whether the kernel takes files from this user.
  var isUsable: Bool { !isRefused.load(ordering: .relaxed) }

  /// Counts an open of a node.
  ///
  /// - Parameter unique: the request.
  /// - Returns: the backing id for the reply; `nil` if the kernel is to read through the daemon.
  func open(_ node: NodeID, _ file: BackingFile, by unique: UInt64 = 0) -> Int32? {
    nodes.withLock(notifying: .none) { nodes in
      if let open = nodes[node], hasEffect(of: unique) { return open.id?.rawValue }
      var open = nodes[node] ?? OpenNode(id: file.id(registering: id(for:)))
      open.opens += 1
      log?.add(.opened(node, open.id?.rawValue, unique: unique & ~InHeader.resentBit))
      nodes[node] = open
      return open.id?.rawValue
    }
  }

  /// Counts a release of a node that ``open(_:_:)`` counted.
  ///
  /// - Parameter unique: the request.
  func release(_ node: NodeID, by unique: UInt64 = 0) {
    let last: OpenNode? = nodes.withLock(notifying: .none) { nodes in
      // A handle of an earlier process may be of a node that is not counted.
      guard nodes[node] != nil, !hasEffect(of: unique) else { return nil }
      log?.add(.released(node, unique: unique & ~InHeader.resentBit))
      nodes[node]?.opens -= 1
      return nodes[node]?.opens == 0 ? nodes.removeValue(forKey: node) : nil
    }
    // Closes the id outside the lock.
    withExtendedLifetime(last) {}
  }

  private func id(for file: OpenFile) -> BackingID? {
    guard isUsable else { return nil }
    let result = register(file.rawValue)
    if result > 0 { return BackingID(result, closingWith: close) }
    if Self.permanentErrors.contains(Errno(rawValue: -result)) { isRefused.store(true, ordering: .relaxed) }
    return nil
  }

  /// Replies to FUSE_OPEN with a backing id.
  static func reply(_ request: fuse_req_t, _ file: OpenedFile, _ id: Int32) -> Int32 {
    var out = casfs_fuse_open_out(file, backing: id)
    return unsafe withUnsafeMutableBytes(of: &out) { (bytes) in
      var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      return unsafe fuse_reply_iov(request, &vector, 1)
    }
  }
}
