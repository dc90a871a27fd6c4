import CFUSE
import Glibc

/// What an answer begins with, and all there is of one that only says how it went: `struct fuse_out_header`.
struct OutHeader {
  static let size = 16

  /// 0, or an errno's negative.
  let error: Int32
  /// The number of the request.
  let unique: UInt64

  init(error: Int32, unique: UInt64) {
    self.error = error
    self.unique = unique
  }

  /// Reads an answer that is about to be sent.
  ///
  /// - Returns: `nil` when it has more than this.
  init?(only vectors: UnsafeMutablePointer<iovec>?, _ count: Int32) {
    guard count == 1, let vector = unsafe vectors?.pointee, unsafe vector.iov_len == Self.size,
      let base = unsafe vector.iov_base
    else { return nil }
    error = unsafe base.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    unique = unsafe base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  /// Sends it. After an unmount there is nobody to take it, as of any answer.
  func send(_ device: Int32) {
    var raw: (length: UInt32, error: Int32, unique: UInt64) = (UInt32(Self.size), error, unique)
    unsafe withUnsafeBytes(of: &raw) { _ = unsafe write(device, $0.baseAddress, $0.count) }
  }
}
