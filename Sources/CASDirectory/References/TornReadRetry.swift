import CAS
import CASPlatform
import OCI
import SystemPackage

/// Retries torn reads: another tool may be rewriting a file in place without a lock, so a file that does not parse is
/// read again until it does, or until a timeout.
enum TornReadRetry {
  static let timeout = Duration.seconds(1)
  private static let pollInterval = Duration.milliseconds(50)

  /// Reads a file until it parses.
  ///
  /// - Parameter file: the name of the file, for messages.
  /// - Parameter body: reads the file once; returns the value, or the reason for which it does not parse.
  /// - Throws: `CASError.Code.io(_:)` with EIO and the last reason at the deadline; `CASError.Code.invalid` immediately
  ///   if the file exceeds a bound, which no torn read explains.
  static func run<Value>(
    _ context: OperationContext, file: String, until deadline: ContinuousClock.Instant = .now + timeout,
    _ body: () throws(CASError) -> Result<Value, InvalidValue>
  ) throws(CASError) -> Value {
    while true {
      switch try body() {
      case .success(let value): return value
      case .failure(let reason):
        if reason.exceedsBounds { throw .invalid(context, file: file, reason.reason) }
        if ContinuousClock.now >= deadline {
          throw CASError(.io(.ioError), context, cause: "\(file): \(reason)")
        }
      }
      Thread.sleep(for: pollInterval)
    }
  }
}
