import CFUSE
import CLinux
import Glibc
import StoreTree

/// The kernel's cache of the contents of files: `FUSE_NOTIFY_STORE`.
struct PageCache: Sendable {
  /// The descriptor of `/dev/fuse`.
  private let device: Int32

  init(device: Int32) {
    self.device = device
  }

  /// Stores the whole content of a file. An error costs its first reader a request.
  ///
  /// Blocks while a reader waits for a part of the file.
  func store(in node: NodeID, _ bytes: [UInt8]) {
    var body = fuse_notify_store_out()
    body.nodeid = node.rawValue
    body.size = UInt32(bytes.count)
    var header = fuse_out_header()
    header.len = UInt32(OutHeader.size + MemoryLayout.size(ofValue: body) + bytes.count)
    // In place of an error, as there is no request.
    header.error = Int32(FUSE_NOTIFY_STORE.rawValue)
    unsafe withUnsafeMutableBytes(of: &header) { (header) in
      unsafe withUnsafeMutableBytes(of: &body) { (body) in
        unsafe bytes.withUnsafeBytes { (bytes) in
          var vectors = unsafe [
            iovec(iov_base: header.baseAddress, iov_len: header.count),
            iovec(iov_base: body.baseAddress, iov_len: body.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count),
          ]
          _ = unsafe writev(device, &vectors, 3)
        }
      }
    }
  }
}
