import CFUSE
import CLinux
import Glibc

/// The header of a reply, which is all of a reply that only carries an error or success: `struct fuse_out_header`.
struct OutHeader {
  static var size: Int { MemoryLayout<fuse_out_header>.size }

  /// 0, or an errno, negated.
  let error: Int32
  /// The number of the request.
  let unique: UInt64

  init(error: Int32, unique: UInt64) {
    self.error = error
    self.unique = unique
  }

  /// Reads the header of a reply that is about to be sent.
  ///
  /// - Returns: `nil` if the vector is shorter.
  init?(_ vector: iovec) {
    guard unsafe vector.iov_len >= Self.size, let base = unsafe vector.iov_base else { return nil }
    let header = unsafe base.loadUnaligned(as: fuse_out_header.self)
    error = header.error
    unique = header.unique
  }

  /// Reads a reply that is about to be sent.
  ///
  /// - Returns: `nil` if it has more than a header.
  init?(only vectors: UnsafeMutablePointer<iovec>?, _ count: Int32) {
    guard count == 1, let vector = unsafe vectors?.pointee, unsafe vector.iov_len == Self.size else { return nil }
    unsafe self.init(vector)
  }

  /// Sends a reply without a body. Errors are ignored: after an unmount the caller is gone.
  func send(_ device: Int32) {
    var header = fuse_out_header(len: UInt32(Self.size), error: error, unique: unique)
    unsafe withUnsafeBytes(of: &header) { _ = unsafe write(device, $0.baseAddress, $0.count) }
  }
}
