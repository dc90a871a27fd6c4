import CASPlatform
import CFUSE
import CLinux
import Glibc
import StoreTree
import Synchronization
import SystemPackage

/// Gives the kernel files of the store to read from by itself: `FUSE_DEV_IOC_BACKING_OPEN`.
///
/// While a node is open in one way, the kernel opens it in no other, and from no other file.
final class Passthrough: Sendable {
  private struct OpenNode {
    /// `nil` while the node is read through the daemon.
    var file: Registration?
    var opens = 1
  }

  /// A file that the kernel has a number for, until this goes.
  private final class Registration: Sendable {
    let device: Int32
    let number: Int32

    init(device: Int32, number: Int32) {
      self.device = device
      self.number = number
    }

    deinit {
      casfs_backing_close(device, number)
    }
  }

  private let device: Int32
  private let nodes = Monitor<[NodeID: OpenNode]>([:])
  private let isRefused = Atomic(false)

  /// - Parameter device: the descriptor of `/dev/fuse`.
  init(device: Int32) {
    self.device = device
    // An ordinary user is told so with any file.
    if let any = try? OpenFile.open(path: "/proc/self/exe", .readOnly) { _ = register(any) }
  }

  /// Whether the kernel may still take files: it does not from an ordinary user.
  var isUsable: Bool { !isRefused.load(ordering: .relaxed) }

  /// Notes that a node is being opened.
  ///
  /// - Returns: the number of the file that the kernel is to read; `nil` when it is to ask the daemon.
  func open(_ node: NodeID, _ file: BackingFile) -> Int32? {
    nodes.withLock(notifying: .none) { nodes in
      if nodes[node] == nil { nodes[node] = OpenNode(file: registration(of: file), opens: 0) }
      nodes[node]?.opens += 1
      return nodes[node]?.file?.number
    }
  }

  /// Notes that one that was opened is released.
  func release(_ node: NodeID) {
    let last: OpenNode? = nodes.withLock(notifying: .none) { nodes in
      nodes[node]?.opens -= 1
      return nodes[node]?.opens == 0 ? nodes.removeValue(forKey: node) : nil
    }
    withExtendedLifetime(last) {}
  }

  private func registration(of file: BackingFile) -> Registration? {
    file.registration.withLock { known in
      if let known = known as? Registration { return known }
      let made = register(file.file)
      known = made
      return made
    }
  }

  private func register(_ file: OpenFile) -> Registration? {
    guard isUsable else { return nil }
    let number = casfs_backing_open(device, file.rawValue)
    if number > 0 { return Registration(device: device, number: number) }
    // No right to, or files on too many file systems: that does not change.
    let lasting: [Errno] = [.notPermitted, .tooManySymbolicLinkLevels, .notSupportedOnSocket, .noFunction]
    if lasting.contains(Errno(rawValue: -number)) { isRefused.store(true, ordering: .relaxed) }
    return nil
  }

  /// Answers that a file is open and the kernel has its number: `fuse_open_out` as it is since Linux 6.9.
  static func reply(_ request: fuse_req_t, _ file: OpenedFile, _ number: Int32) -> Int32 {
    var out = casfs_fuse_open_out(file, backing: number)
    return unsafe withUnsafeMutableBytes(of: &out) { (bytes) in
      var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      return unsafe fuse_reply_iov(request, &vector, 1)
    }
  }
}
