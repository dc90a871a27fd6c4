import CASPlatform
import Logging

/// The messages that a tree logs.
final class TestLog: LogHandler {
  private let state = Monitor<[String]>([])

  /// The messages so far.
  var messages: [String] { state.withLock { $0 } }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    state.withLock { $0.append("\(event.message)") }
  }
}
