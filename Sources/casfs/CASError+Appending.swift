import CAS

extension CASError {
  /// Returns the error with a longer cause.
  func appending(_ text: String) -> CASError {
    CASError(code, operation: operation, subject: subject, cause: cause + text, underlyingError: underlyingError)
  }
}
