import CFUSE
import CLinux
import Glibc

/// What stands between libfuse and `/dev/fuse`: it looks at requests before libfuse does, and at replies after.
enum CustomIO {
  /// Makes a session's requests and replies go through here: `fuse_session_custom_io(3)`.
  static func attach(to session: OpaquePointer, _ device: Int32) -> Bool {
    var hooks = unsafe fuse_custom_io(
      writev: { (fd, vectors, count, data) in
        guard let data = unsafe data else { return -1 }
        let sessionState = unsafe SessionState.of(data)
        if unsafe sessionState.deferredRelease.hold(vectors, count, fd) { return OutHeader.size }
        return unsafe sessionState.negotiation.send(fd, vectors, count)
      },
      read: { (fd, buffer, size, data) in
        unsafe CustomIO.read(fd, UnsafeMutableRawBufferPointer(start: buffer, count: size), data)
      },
      splice_receive: casfs_splice, splice_send: casfs_splice)
    return unsafe fuse_session_custom_io(session, &hooks, device) == 0
  }

  /// Reads a request. One that libfuse must not see is answered here, and is as if there had been none.
  private static func read(
    _ device: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ data: UnsafeMutableRawPointer?
  ) -> Int {
    let count = unsafe Glibc.read(device, buffer.baseAddress, buffer.count)
    if count == 0 {
      // Only a socket ends so: whoever stands in for the kernel is gone, as the kernel is after an unmount.
      errno = ENODEV
      return -1
    }
    guard count > 0, let data = unsafe data else { return count }
    let request = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
    guard unsafe RequestValidator.isValid(request) else {
      unsafe refuse(request, device)
      errno = EINTR
      return -1
    }
    unsafe SessionState.of(data).negotiation.inspect(request)
    return count
  }

  /// Answers EIO: `struct fuse_out_header`.
  private static func refuse(_ request: UnsafeRawBufferPointer, _ device: Int32) {
    guard let header = unsafe InHeader(request), header.expectsReply else { return }
    OutHeader(error: -EIO, unique: header.unique).send(device)
  }
}
