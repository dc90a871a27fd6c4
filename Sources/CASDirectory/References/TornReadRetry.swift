import CAS
import CASPlatform
import OCI
import SystemPackage

/// Reads a file that another tool may be writing in place: half of it is no error yet.
enum TornReadRetry {
  /// How long a text that makes no sense is read again.
  static let timeout = Duration.seconds(1)

  /// Reads until the text makes sense, or it is time to give up; then fails with the reason and EIO.
  ///
  /// - Parameter body: gives what was read, or why it makes no sense.
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
      Thread.sleep(for: .milliseconds(50))
    }
  }
}
