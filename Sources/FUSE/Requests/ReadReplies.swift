import CASPlatform
import Glibc

/// The lengths that the replies to FUSE_READ must have. When a file cannot be read to the end of a range, libfuse sends the
/// part before, which the kernel takes for the end of the file: the reader gets less, and no error.
final class ReadReplies: Sendable {
  private final class Expectation: Sendable {
    let unique: UInt64
    /// The length of header and content, in bytes.
    let length: Int

    init(unique: UInt64, length: Int) {
      self.unique = unique
      self.length = length
    }
  }

  private let current = ThreadLocal<Expectation>()

  /// Runs `body`, in which libfuse sends the reply of a request on this thread.
  ///
  /// - Parameter count: the length of the content, in bytes.
  func expect(_ count: Int, unique: UInt64, _ body: () -> Void) {
    current.withValue(Expectation(unique: unique, length: OutHeader.size + count), body)
  }

  /// Replies EIO in place of a reply that is too short.
  ///
  /// - Returns: `false` if the reply must be sent.
  func reject(_ vectors: UnsafePointer<iovec>?, _ count: Int32, _ device: Int32) -> Bool {
    guard let expectation = current.value, let vectors = unsafe vectors, count > 0,
      let header = unsafe OutHeader(vectors.pointee), header.error == 0, header.unique == expectation.unique
    else { return false }
    let length = unsafe UnsafeBufferPointer(start: vectors, count: Int(count)).reduce(0) { unsafe $0 + $1.iov_len }
    return reject(expectation, length, device)
  }

  /// Replies EIO in place of a reply in a pipe that is too short, and empties the pipe.
  ///
  /// - Returns: `false` if the reply must be sent.
  func reject(pipe: Int32, length: Int, _ device: Int32) -> Bool {
    guard let expectation = current.value, reject(expectation, length, device) else { return false }
    var rest = length
    var buffer = [UInt8](repeating: 0, count: min(length, 64 << 10))
    while rest > 0 {
      let count = unsafe Glibc.read(pipe, &buffer, min(rest, buffer.count))
      guard count > 0 else { break }
      rest -= count
    }
    return true
  }

  private func reject(_ expectation: Expectation, _ length: Int, _ device: Int32) -> Bool {
    guard length < expectation.length else { return false }
    OutHeader(error: -EIO, unique: expectation.unique).send(device)
    return true
  }
}
