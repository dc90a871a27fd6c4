import CFUSE
import Glibc
import Synchronization

/// What is asked of the kernel when it opens the connection (`FUSE_INIT`) and libfuse 3.14 does not know or leaves out: it
/// is written into libfuse's reply on its way.
final class InitNegotiation: Sendable {
  /// Features by their bits in `flags2` of `fuse_init_in` and `fuse_init_out`.
  struct Features: OptionSet {
    let rawValue: UInt32

    /// `FUSE_DIRECT_IO_ALLOW_MMAP`: what is not cached may be mapped.
    static let mappedDirect = Features(rawValue: 1 << 4)
    /// `FUSE_PASSTHROUGH`.
    static let passthrough = Features(rawValue: 1 << 5)
  }

  private enum Layout {
    static let opcode = 4
    static let unique = 8
    /// In the request, `fuse_in_header` with `fuse_init_in` after it.
    static let offered = 40 + 12
    static let offered2 = 40 + 16
    /// In the reply, `fuse_init_out`.
    static let granted = 12
    static let granted2 = 32
    static let stackDepth = 36
    static let outSize = 64
    /// `FUSE_PARALLEL_DIROPS`: names in one directory are looked up at once. Where a store takes long to say whether it
    /// has one blob, the others would wait.
    static let parallel: UInt32 = 1 << 18
    /// `FUSE_INIT_EXT`: there is a `flags2`.
    static let hasMore: UInt32 = 1 << 30
  }

  private let wanted: Features
  /// How many file systems may lie on each other below the mount.
  private let stackDepth: UInt32
  private let request = Atomic<UInt64>(0)
  private let offersParallel = Atomic(false)
  private let offered = Atomic<UInt32>(0)
  private let isDone = Atomic(false)

  init(wanting wanted: Features, stackDepth: UInt32) {
    self.wanted = wanted
    self.stackDepth = stackDepth
  }

  /// What the kernel offered of what is wanted.
  var granted: Features {
    Features(rawValue: offered.load(ordering: .relaxed)).intersection(wanted)
  }

  /// Looks for the kernel's first request.
  func note(_ bytes: UnsafeRawBufferPointer) {
    guard !isDone.load(ordering: .relaxed), bytes.count >= Layout.offered + 4,
      unsafe bytes.loadUnaligned(fromByteOffset: Layout.opcode, as: UInt32.self) == Opcode.initialize.rawValue
    else { return }
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: Layout.offered, as: UInt32.self)
    offersParallel.store(flags & Layout.parallel != 0, ordering: .relaxed)
    if flags & Layout.hasMore != 0, bytes.count >= Layout.offered2 + 4 {
      offered.store(
        unsafe bytes.loadUnaligned(fromByteOffset: Layout.offered2, as: UInt32.self), ordering: .relaxed)
    }
    request.store(
      unsafe bytes.loadUnaligned(fromByteOffset: Layout.unique, as: UInt64.self), ordering: .relaxed)
  }

  /// Sends a reply, and the one to the kernel's first request with what is wanted in it.
  func reply(_ fd: Int32, _ vectors: UnsafeMutablePointer<iovec>?, _ count: Int32) -> Int {
    guard !isDone.load(ordering: .relaxed), count == 2, let vectors = unsafe vectors,
      let header = unsafe vectors[0].iov_base, let body = unsafe vectors[1].iov_base,
      unsafe header.loadUnaligned(fromByteOffset: Layout.unique, as: UInt64.self) == request.load(ordering: .relaxed)
    else { return unsafe writev(fd, vectors, count) }
    isDone.store(true, ordering: .relaxed)
    guard unsafe vectors[1].iov_len >= Layout.outSize else {
      offered.store(0, ordering: .relaxed)
      return unsafe writev(fd, vectors, count)
    }
    var flags = unsafe body.loadUnaligned(fromByteOffset: Layout.granted, as: UInt32.self)
    if offersParallel.load(ordering: .relaxed) { flags |= Layout.parallel }
    if !granted.isEmpty {
      flags |= Layout.hasMore
      unsafe body.storeBytes(of: granted.rawValue, toByteOffset: Layout.granted2, as: UInt32.self)
    }
    unsafe body.storeBytes(of: flags, toByteOffset: Layout.granted, as: UInt32.self)
    if granted.contains(.passthrough) {
      unsafe body.storeBytes(of: stackDepth, toByteOffset: Layout.stackDepth, as: UInt32.self)
    }
    return unsafe writev(fd, vectors, count)
  }
}
