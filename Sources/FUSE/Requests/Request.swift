import CAS
import CASPlatform
import CFUSE
import Glibc
import StoreTree
import SystemPackage

/// A request that is replied to exactly once: replying consumes it, and dropping it replies EIO. One that a signal
/// interrupts has been replied to.
@safe
struct Request: ~Copyable {
  private let raw: fuse_req_t
  private let pending: PendingRequest
  /// The state of the request's session.
  let sessionState: SessionState
  /// The caller, and the hooks for an operation that blocks.
  let context: RequestContext
  /// The `unique` of the request.
  private let unique: UInt64

  init(_ raw: fuse_req_t, _ policy: InterruptPolicy) {
    unsafe self.raw = raw
    let sessionState = unsafe SessionState.of(fuse_req_userdata(raw))
    let caller = unsafe fuse_req_ctx(raw)?.pointee
    let hooks = unsafe sessionState.workers.hooks(
      for: raw, thread: caller?.pid ?? 0, policy, sessionState.interruptTable)
    self.sessionState = sessionState
    unique = sessionState.workers.currentRequest
    pending = hooks.request
    context = RequestContext(
      user: caller?.uid ?? 0, group: caller?.gid ?? 0, thread: caller?.pid ?? 0, umask: caller?.umask ?? 0,
      isResent: unique & InHeader.resentBit != 0, willBlock: hooks.willBlock, cancellation: hooks.request.cancellation)
  }

  deinit {
    if pending.claim() { unsafe fuse_reply_err(raw, EIO) }
  }

  /// Replies to FUSE_OPEN, with a backing id if the kernel can read the file without the daemon.
  private static func replyOpen(
    _ raw: fuse_req_t, _ file: OpenedFile, _ node: NodeID, _ unique: UInt64, _ sessionState: SessionState
  ) -> Bool {
    if let backing = file.backing, let id = sessionState.passthrough?.open(node, backing, by: unique) {
      return unsafe Passthrough.reply(raw, file, id) == 0
    }
    var info = fuse_file_info(file, mapsDirectIO: sessionState.negotiation.granted.contains(.directIOMapping))
    return unsafe fuse_reply_open(raw, &info) == 0
  }

  /// Sends the reply.
  ///
  /// - Returns: whether the kernel accepted it; not if the request was interrupted.
  consuming func send(_ reply: Reply) -> Bool {
    let raw = unsafe self.raw
    let unique = unique
    guard pending.claim() else { return false }
    switch reply {
    case .error(let error): return unsafe fuse_reply_err(raw, error.rawValue) == 0
    case .done: return unsafe fuse_reply_err(raw, 0) == 0
    case .controlled: return unsafe fuse_reply_ioctl(raw, 0, nil, 0) == 0
    case .nothing:
      unsafe fuse_reply_none(raw)
      return true
    case .entry(let entry):
      var parameters = fuse_entry_param(entry)
      return unsafe fuse_reply_entry(raw, &parameters) == 0
    case .created(let entry, let file):
      var parameters = fuse_entry_param(entry)
      var info = fuse_file_info(file, mapsDirectIO: sessionState.negotiation.granted.contains(.directIOMapping))
      return unsafe fuse_reply_create(raw, &parameters, &info) == 0
    case .opened(let file, let node):
      let isAccepted = unsafe Self.replyOpen(raw, file, node, unique, sessionState)
      if !isAccepted, file.backing != nil { sessionState.passthrough?.release(node) }
      return isAccepted
    case .released(let node):
      sessionState.passthrough?.release(node, by: unique)
      return unsafe fuse_reply_err(raw, 0) == 0
    case .openedDirectory(let handle, let isLasting):
      var info = fuse_file_info()
      info.fh = handle
      info.cache_readdir = isLasting ? 1 : 0
      info.keep_cache = isLasting ? 1 : 0
      return unsafe fuse_reply_open(raw, &info) == 0
    case .attributes(let attributes):
      var status = stat(attributes)
      return unsafe fuse_reply_attr(raw, &status, Double(seconds: attributes.attributeTimeout)) == 0
    case .link(let target): return unsafe withName(target) { unsafe fuse_reply_readlink(raw, $0) == 0 }
    case .bytes(let bytes), .entries(let bytes, _):
      return unsafe bytes.withUnsafeBytes {
        unsafe fuse_reply_buf(raw, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) == 0
      }
    case .file(let file, let offset, let count):
      var vector = fuse_bufvec()
      vector.count = 1
      unsafe vector.buf.flags = fuse_buf_flags(FUSE_BUF_IS_FD.rawValue | FUSE_BUF_FD_SEEK.rawValue)
      unsafe vector.buf.fd = file.rawValue
      unsafe vector.buf.pos = off_t(offset)
      unsafe vector.buf.size = count
      var isAccepted = false
      sessionState.readReplies.expect(count, unique: unique) {
        isAccepted = unsafe fuse_reply_data(raw, &vector, FUSE_BUF_SPLICE_MOVE) == 0
      }
      return isAccepted
    case .offset(let offset): return unsafe fuse_reply_lseek(raw, off_t(offset)) == 0
    case .written(let count): return unsafe fuse_reply_write(raw, count) == 0
    case .length(let count): return unsafe fuse_reply_xattr(raw, count) == 0
    case .statistics(let statistics):
      var status = statvfs(statistics)
      return unsafe fuse_reply_statfs(raw, &status) == 0
    }
  }
}

/// The reply to a request.
enum Reply {
  case error(Errno)
  case done
  /// The result 0 of `ioctl(2)`, without data.
  case controlled
  /// The kernel expects no reply: FUSE_FORGET.
  case nothing
  case entry(Entry)
  case created(Entry, OpenedFile)
  case opened(OpenedFile, NodeID)
  /// A file is released that the kernel could read without the daemon.
  case released(NodeID)
  /// A directory, and whether its entries never change.
  case openedDirectory(HandleID, isLasting: Bool)
  case attributes(Attributes)
  case link(String)
  case bytes([UInt8])
  /// Directory entries, and the nodes whose lookup counts they increment.
  case entries([UInt8], [NodeID])
  case file(OpenFile, offset: Int64, count: Int)
  /// The result of `lseek(2)`.
  case offset(Int64)
  case written(Int)
  /// The size of an extended attribute, for a caller that passed a size of 0.
  case length(Int)
  case statistics(FileSystemStatistics)
}
