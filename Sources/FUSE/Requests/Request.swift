import CAS
import CASPlatform
import CFUSE
import Glibc
import StoreTree
import SystemPackage

/// One request of the kernel, which is answered exactly once: answering consumes it, and one that is dropped
/// unanswered answers EIO by itself. A caller that a signal frees meanwhile was answered.
@safe
struct Request: ~Copyable {
  private let raw: fuse_req_t
  private let caller: PendingRequest
  /// What serves the session that the request came by.
  let sessionState: SessionState
  /// Who asks, and what to tell before it takes long.
  let context: RequestContext

  init(_ raw: fuse_req_t, _ policy: InterruptPolicy) {
    unsafe self.raw = raw
    let sessionState = unsafe SessionState.of(fuse_req_userdata(raw))
    let from = unsafe fuse_req_ctx(raw)?.pointee
    let waiting = unsafe sessionState.workers.serve(raw, thread: from?.pid ?? 0, policy, sessionState.interruptTable)
    self.sessionState = sessionState
    caller = waiting.caller
    context = RequestContext(
      user: from?.uid ?? 0, group: from?.gid ?? 0, thread: from?.pid ?? 0, umask: from?.umask ?? 0,
      willBlock: waiting.willBlock, cancellation: waiting.caller.cancellation)
  }

  deinit {
    if caller.claim() { unsafe fuse_reply_err(raw, EIO) }
  }

  /// Says that a file is open, and where the kernel can read it by itself.
  private static func open(
    _ raw: fuse_req_t, _ file: OpenedFile, _ node: NodeID, _ sessionState: SessionState
  ) -> Bool {
    if let backing = file.backing, let number = sessionState.passthrough?.open(node, backing) {
      return unsafe Passthrough.reply(raw, file, number) == 0
    }
    var info = fuse_file_info(file, mapsDirectIO: sessionState.negotiation.granted.contains(.directIOMapping))
    return unsafe fuse_reply_open(raw, &info) == 0
  }

  /// Sends the answer.
  ///
  /// - Returns: whether the kernel took it; it does not when the caller was let go meanwhile.
  consuming func send(_ reply: Reply) -> Bool {
    let raw = unsafe self.raw
    guard caller.claim() else { return false }
    switch reply {
    case .error(let error): return unsafe fuse_reply_err(raw, error.rawValue) == 0
    case .done: return unsafe fuse_reply_err(raw, 0) == 0
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
      let isTaken = unsafe Self.open(raw, file, node, sessionState)
      if !isTaken, file.backing != nil { sessionState.passthrough?.release(node) }
      return isTaken
    case .released(let node):
      sessionState.passthrough?.release(node)
      return unsafe fuse_reply_err(raw, 0) == 0
    case .openedDirectory(let handle):
      var info = fuse_file_info()
      info.fh = handle
      return unsafe fuse_reply_open(raw, &info) == 0
    case .attributes(let attributes):
      var status = stat(attributes)
      return unsafe fuse_reply_attr(raw, &status, attributes.validity) == 0
    case .link(let target): return unsafe fuse_reply_readlink(raw, target) == 0
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
      return unsafe fuse_reply_data(raw, &vector, FUSE_BUF_SPLICE_MOVE) == 0
    case .written(let count): return unsafe fuse_reply_write(raw, count) == 0
    case .length(let count): return unsafe fuse_reply_xattr(raw, count) == 0
    case .space(let space):
      var status = statvfs(space)
      return unsafe fuse_reply_statfs(raw, &status) == 0
    }
  }
}

/// What a request is answered with.
enum Reply {
  case error(Errno)
  case done
  /// No answer is expected.
  case nothing
  case entry(Entry)
  case created(Entry, OpenedFile)
  case opened(OpenedFile, NodeID)
  /// A file was let go of that the kernel could read by itself.
  case released(NodeID)
  case openedDirectory(HandleID)
  case attributes(Attributes)
  case link(String)
  case bytes([UInt8])
  /// Entries of a directory, and the nodes that are told of with them.
  case entries([UInt8], [NodeID])
  case file(OpenFile, offset: Int64, count: Int)
  case written(Int)
  /// How long an extended attribute is, for a caller that asks before it makes room.
  case length(Int)
  case space(FileSystemStatistics)
}
