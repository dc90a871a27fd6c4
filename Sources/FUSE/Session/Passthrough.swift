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

  /// - Parameter device: the descriptor of `/dev/fuse`.
  convenience init(device: Int32) {
    self.init(
      registering: { casfs_backing_open(device, $0) }, closing: { casfs_backing_close(device, $0) })
    // Any file shows whether the kernel takes files from this user.
    if let file = try? OpenFile.open(path: "/proc/self/exe", .readOnly) { _ = id(for: file) }
  }

  /// - Parameter register: returns the backing id of a descriptor, or an errno, negated.
  /// - Parameter close: closes a backing id.
  init(registering register: @escaping @Sendable (Int32) -> Int32, closing close: @escaping @Sendable (Int32) -> Void) {
    self.register = register
    self.close = close
  }

  /// Whether the kernel takes files from this user.
  var isUsable: Bool { !isRefused.load(ordering: .relaxed) }

  /// Counts an open of a node.
  ///
  /// - Returns: the backing id for the reply; `nil` if the kernel is to read through the daemon.
  func open(_ node: NodeID, _ file: BackingFile) -> Int32? {
    nodes.withLock(notifying: .none) { nodes in
      var open = nodes[node] ?? OpenNode(id: file.id(registering: id(for:)))
      open.opens += 1
      nodes[node] = open
      return open.id?.rawValue
    }
  }

  /// Counts a release of a node that ``open(_:_:)`` counted.
  func release(_ node: NodeID) {
    let last: OpenNode? = nodes.withLock(notifying: .none) { nodes in
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
