import CAS
import CASPlatform
import SystemPackage

/// The error of reading an archive, before it is put into the context of an operation.
enum ArchiveError: Error {
  /// The archive, or the member of this name, is malformed.
  case invalid([UInt8]?, String)
  /// A system call failed.
  case io(Errno)
  /// The archive cannot be decoded, or hashed.
  case failed(CASError)

  /// Returns the error of an operation on the archive.
  func during(_ context: OperationContext) -> CASError {
    switch self {
    case .invalid(let name?, let reason):
      CASError(.invalid, context, cause: "\(Self.text(name)): \(reason)")
    case .invalid(nil, let reason): CASError(.invalid, context, cause: reason)
    case .io(let errno): CASError(errno, context)
    case .failed(let error): error.during(context)
    }
  }

  /// The text of a name in an archive, cut if it is long.
  static func text(_ name: [UInt8]) -> String {
    let limit = 200
    return String(decoding: name.prefix(limit), as: UTF8.self) + (name.count > limit ? "…" : "")
  }
}

extension OpenFile {
  /// Reads a range that lies within the file: `pread(2)`.
  ///
  /// - Throws: `ArchiveError.invalid` if the file has become shorter; `ArchiveError.io`.
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
