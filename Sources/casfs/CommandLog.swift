import CASPlatform
import Logging
import OCI

/// The log of a command: warnings on standard error. A command reports errors on a line of its own, so those of the
/// store are dropped.
struct CommandLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Logs the stores that the process opens this way.
  static func start() {
    LoggingSystem.bootstrap { _ in CommandLog() }
  }

  func log(event: LogEvent) {
    guard event.level == .warning else { return }
    // A failure cannot be reported anywhere.
    try? StandardStream.error.write(Array("casfs: \("\(event.message)".onOneLine)\n".utf8).span)
  }
}
