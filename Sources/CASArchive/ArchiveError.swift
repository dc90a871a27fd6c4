import CAS
import CASPlatform
import SystemPackage

/// Why an archive cannot be read.
enum ArchiveError: Error {
  /// It, or the member of that name, is not what it must be.
  case invalid([UInt8]?, String)
  /// The system refused.
  case io(Errno)

  /// The fault as an error of an operation on the archive.
  func during(_ context: OperationContext) -> CASError {
    switch self {
    case .invalid(let name?, let reason):
      CASError(.invalid, context, cause: "\(String(decoding: name, as: UTF8.self)): \(reason)")
    case .invalid(nil, let reason): CASError(.invalid, context, cause: reason)
    case .io(let errno): CASError(errno, context)
    }
  }
}

extension OpenFile {
  /// The bytes of a range that lies within the file.
  func bytes(in range: Range<Int64>) throws(ArchiveError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(range.upperBound - range.lowerBound))
    let count: Int
    do throws(Errno) {
      var span = bytes.mutableSpan
      count = try read(into: &span, at: range.lowerBound)
    } catch {
      throw .io(error)
    }
    guard count == bytes.count else { throw .invalid(nil, "the file was truncated during the read") }
    return bytes
  }
}
