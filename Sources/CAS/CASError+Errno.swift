package import SystemPackage

/// Makes one system call of an operation, and maps its error number to the operation's error.
package func mappingErrno<Result>(
  _ context: OperationContext, _ call: @autoclosure () throws(Errno) -> Result
) throws(CASError) -> Result {
  try mappingErrno(context, call)
}

/// Makes system calls of an operation, and maps their error number to the operation's error.
package func mappingErrno<Result>(
  _ context: OperationContext, _ body: () throws(Errno) -> Result
) throws(CASError) -> Result {
  do throws(Errno) {
    return try body()
  } catch {
    throw CASError(error, context)
  }
}

extension CASError {
  /// Creates the error of a system call on one file of the store; the cause begins with the file's name.
  package init(_ errno: Errno, _ context: OperationContext, file: String) {
    self.init(.io(errno), context, cause: "\(file): \(errno)", underlyingError: errno)
  }

  /// One file of the store is malformed; the cause begins with its name.
  package static func invalid(_ context: OperationContext, file: String, _ reason: String) -> CASError {
    CASError(.invalid, context, cause: "\(file): \(reason)")
  }
}
