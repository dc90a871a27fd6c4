import CASPlatform
import CFUSE
import CLinux
import Glibc
import Synchronization

/// Requests features at FUSE_INIT that libfuse 3.14 does not know or leaves out, by editing libfuse's reply on its way
/// to the kernel.
final class InitNegotiation: Sendable {
  /// Features by the flags of FUSE_INIT: `flags`, and `flags2` in the upper half.
  struct Features: OptionSet {
    let rawValue: UInt64

    /// Lookups in one directory run in parallel. Otherwise each waits for the others, and a store may take long to
    /// answer one.
    static let parallelDirectoryOperations = Features(rawValue: UInt64(FUSE_PARALLEL_DIROPS))
    /// FUSE_OPEN can be ENOSYS: the kernel then opens all files of the mount by itself.
    static let implicitOpens = Features(rawValue: UInt64(FUSE_NO_OPEN_SUPPORT))
    /// There is a `flags2`.
    static let extendedFlags = Features(rawValue: UInt64(FUSE_INIT_EXT))
    /// Files opened with FOPEN_DIRECT_IO can be mapped.
    static let directIOMapping = Features(rawValue: FUSE_DIRECT_IO_ALLOW_MMAP)
    /// The kernel reads a file that backs a node.
    static let passthrough = Features(rawValue: FUSE_PASSTHROUGH)
    /// The kernel can send requests again that a process has read and not answered.
    static let resending = Features(rawValue: FUSE_HAS_RESEND)

    init(rawValue: UInt64) {
      self.rawValue = rawValue
    }

    /// Joins the two fields of the wire format.
    init(flags: UInt32, flags2: UInt32) {
      self.init(rawValue: UInt64(flags2) << 32 | UInt64(flags))
    }

    var flags: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var flags2: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
  }

  private let wanted: Features
  /// The number of file systems that may be stacked below the mount: `max_stack_depth`.
  private let stackDepth: UInt32
  /// The `unique` of FUSE_INIT.
  private let request = Atomic<UInt64>(0)
  private let offered = Atomic<UInt64>(0)
  private let isDone = Atomic(false)
  /// The FUSE_INIT that was answered.
  private let message: Monitor<[UInt8]?>
  /// Whether an earlier process has answered it, so that libfuse alone must see it.
  private let isRepeated: Bool
  private let isDelivered = Atomic(false)

  /// - Parameter message: the FUSE_INIT that an earlier process has answered; `nil` if the kernel will send it.
  init(wanting wanted: Features, stackDepth: UInt32, repeating message: [UInt8]? = nil) {
    self.wanted = wanted
    self.stackDepth = stackDepth
    self.message = Monitor(message)
    isRepeated = message != nil
  }

  /// The FUSE_INIT of the connection, once there was one.
  var initRequest: [UInt8]? { message.withLock(notifying: .none) { $0 } }

  /// Copies the FUSE_INIT of an earlier process, once, in place of a read from the kernel.
  ///
  /// - Returns: its length; `nil` if the kernel is to be read.
  func repeatRequest(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard isRepeated, !isDelivered.load(ordering: .relaxed), let message = initRequest, message.count <= buffer.count
    else { return nil }
    isDelivered.store(true, ordering: .relaxed)
    unsafe buffer.copyBytes(from: message)
    return message.count
  }

  /// The wanted features that the kernel offered.
  var granted: Features {
    Features(rawValue: offered.load(ordering: .relaxed)).intersection(wanted)
  }

  /// Notes the features that FUSE_INIT offers; ignores other requests.
  func inspect(_ request: UnsafeRawBufferPointer) {
    guard !isDone.load(ordering: .relaxed), let header = unsafe InHeader(request),
      header.opcode == Opcode.initialize.rawValue,
      let body = unsafe request.body(as: casfs_fuse_compat_init_in.self)
    else { return }
    var features = Features(flags: body.flags, flags2: 0)
    if features.contains(.extendedFlags), let body = unsafe request.body(as: fuse_init_in.self) {
      features = Features(flags: body.flags, flags2: body.flags2)
    }
    offered.store(features.rawValue, ordering: .relaxed)
    self.request.store(header.unique, ordering: .relaxed)
    if !isRepeated { message.withLock { $0 = unsafe Array(request) } }
  }

  /// Sends a reply; the one to FUSE_INIT with the granted features: `writev(2)`.
  func send(_ fd: Int32, _ vectors: UnsafeMutablePointer<iovec>?, _ count: Int32) -> Int {
    if !isDone.load(ordering: .relaxed), count == 2, let vectors = unsafe vectors,
      let header = unsafe OutHeader(vectors[0]), header.unique == request.load(ordering: .relaxed)
    {
      isDone.store(true, ordering: .relaxed)
      unsafe addFeatures(to: vectors[1])
      if isRepeated { return unsafe vectors[0].iov_len + vectors[1].iov_len }
    }
    return unsafe writev(fd, vectors, count)
  }

  private func addFeatures(to vector: iovec) {
    guard unsafe vector.iov_len >= MemoryLayout<casfs_fuse_init_out>.size, let base = unsafe vector.iov_base else {
      offered.store(0, ordering: .relaxed)
      return
    }
    var body = unsafe base.loadUnaligned(as: casfs_fuse_init_out.self)
    let granted = granted
    body.flags |= granted.flags
    if granted.flags2 != 0 {
      body.flags |= Features.extendedFlags.flags
      body.flags2 |= granted.flags2
    }
    if granted.contains(.passthrough) { body.max_stack_depth = stackDepth }
    unsafe base.storeBytes(of: body, as: casfs_fuse_init_out.self)
  }
}
