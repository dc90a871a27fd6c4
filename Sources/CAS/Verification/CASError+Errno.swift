package import SystemPackage

/// Runs system calls for an operation; the error says what was being done.
package func mappingErrno<Result>(
  _ operation: String, _ subject: String, _ body: () throws(Errno) -> Result
) throws(CASError) -> Result {
  do throws(Errno) {
    return try body()
  } catch {
    throw CASError(error, operation, subject)
  }
}

extension CASError {
  /// An error about one file of the store, which its message names.
  package init(_ errno: Errno, _ operation: String, _ subject: String, file: String) {
    self.init(.io(errno), operation, subject, cause: "\(file): \(errno)")
  }

  /// An error about one file of the store that is not what it must be.
  package static func invalid(_ operation: String, _ subject: String, file: String, _ reason: String) -> CASError {
    CASError(.invalid, operation, subject, cause: "\(file): \(reason)")
  }
}
