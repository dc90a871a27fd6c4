import CASPlatform
import CFUSE
import Glibc
import StoreTree
import SystemPackage

/// Replies to a request with the result of `body`.
///
/// - Parameter policy: which signals interrupt it.
/// - Returns: the session's state, for work after the reply.
@discardableResult
func serve(
  _ raw: fuse_req_t?, _ policy: InterruptPolicy = .anySignal,
  _ body: (Tree, RequestContext) throws(Errno) -> Reply
) -> SessionState? {
  guard let raw = unsafe raw else { return nil }
  let request = unsafe Request(raw, policy)
  let (sessionState, context) = (request.sessionState, request.context)
  let reply: Reply
  do throws(Errno) {
    reply = try body(sessionState.tree, context)
  } catch {
    reply = .error(error)
  }
  if !request.send(reply) { sessionState.tree.undo(reply, context) }
  return sessionState
}

extension Tree {
  /// Releases the nodes and handles of a reply that the kernel did not accept.
  fileprivate func undo(_ reply: Reply, _ context: RequestContext) {
    switch reply {
    case .entry(let entry): forget(entry.node, times: 1)
    case .entries(_, let nodes): for node in nodes { forget(node, times: 1) }
    case .opened(let file, _): _ = try? release(file.handle, context)
    case .created(let entry, let file):
      _ = try? release(file.handle, context)
      forget(entry.node, times: 1)
    case .openedDirectory(let handle, _): try? releaseDirectory(handle)
    default: break
    }
  }
}

/// Decodes a name from the kernel.
func name(_ raw: UnsafePointer<CChar>?) throws(Errno) -> String {
  guard let raw = unsafe raw else { throw .invalidArgument }
  if let text = unsafe String(validatingCString: raw), NameText.isPlain(text) { return text }
  return unsafe NameText.text(of: Array(UnsafeRawBufferPointer(start: raw, count: strlen(raw))))
}

/// Passes the bytes of a name, or of a link's target, for the kernel.
func withName<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  if NameText.isPlain(text) { return unsafe text.withCString(body) }
  return unsafe body(NameText.bytes(of: text).map { CChar(bitPattern: $0) } + [0])
}

/// Decodes a handle from the kernel.
func handle(_ info: UnsafeMutablePointer<fuse_file_info>?) throws(Errno) -> HandleID {
  guard let info = unsafe info else { throw .badFileDescriptor }
  return unsafe info.pointee.fh
}
