import CFUSE
import CLinux
import Glibc

/// The calls that libfuse makes instead of read, writev and splice on `/dev/fuse`: they see each request before libfuse
/// does, and each reply before the kernel does.
enum CustomIO {
  /// Installs the calls: `fuse_session_custom_io(3)`.
  static func attach(to session: OpaquePointer, _ device: Int32) -> Bool {
    var calls = unsafe fuse_custom_io(
      writev: { (fd, vectors, count, data) in
        guard let data = unsafe data else { return -1 }
        let sessionState = unsafe SessionState.of(data)
        if unsafe sessionState.deferredReply.hold(vectors, count, fd) { return OutHeader.size }
        if unsafe sessionState.readReplies.reject(vectors, count, fd) { return OutHeader.size }
        return unsafe sessionState.negotiation.send(fd, vectors, count)
      },
      read: { (fd, buffer, size, data) in
        unsafe CustomIO.read(fd, UnsafeMutableRawBufferPointer(start: buffer, count: size), data)
      },
      splice_receive: casfs_splice,
      splice_send: { (pipe, pipeOffset, device, deviceOffset, length, flags, data) in
        if let data = unsafe data,
          unsafe SessionState.of(data).readReplies.reject(pipe: pipe, length: length, device)
        {
          return length
        }
        return unsafe casfs_splice(pipe, pipeOffset, device, deviceOffset, length, flags, data)
      })
    return unsafe fuse_session_custom_io(session, &calls, device) == 0
  }

  /// Reads a request. An invalid one gets its reply here and fails with EINTR, so that libfuse reads again.
  private static func read(
    _ device: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ data: UnsafeMutableRawPointer?
  ) -> Int {
    if let data = unsafe data, let count = unsafe SessionState.of(data).negotiation.repeatRequest(into: buffer) {
      unsafe SessionState.of(data).negotiation.inspect(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      return count
    }
    let count = unsafe Glibc.read(device, buffer.baseAddress, buffer.count)
    if count == 0 {
      // The end of a simulated kernel's socket. /dev/fuse reports an unmount like this.
      errno = ENODEV
      return -1
    }
    guard count > 0, let data = unsafe data else { return count }
    let request = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
    guard unsafe RequestValidator.isValid(request) else {
      unsafe reject(request, device)
      errno = EINTR
      return -1
    }
    let sessionState = unsafe SessionState.of(data)
    if unsafe isFatal(request, sessionState) {
      unsafe reject(request, device)
      errno = EINTR
      return -1
    }
    unsafe sessionState.negotiation.inspect(request)
    return count
  }

  /// Whether earlier processes have died over a request, so that this one must not try it.
  private static func isFatal(_ request: UnsafeRawBufferPointer, _ sessionState: SessionState) -> Bool {
    guard let kept = sessionState.kept, let header = unsafe InHeader(request), header.isResent, header.expectsReply
    else { return false }
    return !kept.mount.mayAnswer(header.unique)
  }

  /// Replies EIO.
  private static func reject(_ request: UnsafeRawBufferPointer, _ device: Int32) {
    guard let header = unsafe InHeader(request), header.expectsReply else { return }
    OutHeader(error: -EIO, unique: header.unique).send(device)
  }
}
