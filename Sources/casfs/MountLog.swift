import CASPlatform
import Logging
import OCI
import Synchronization

/// The log of a mount: standard error, and the system log after the daemon has detached from the terminal.
struct MountLog: LogHandler {
  private static let usesSystemLog = Atomic(false)

  /// Sends messages to the system log from now on.
  static func useSystemLog() {
    usesSystemLog.store(true, ordering: .releasing)
  }

  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let text = "\(event.message)".onOneLine
    if Self.usesSystemLog.load(ordering: .acquiring) {
      Daemon.log(priority(of: event.level), text)
    } else {
      // A failure cannot be reported anywhere.
      try? StandardStream.error.write(Array("casfs: \(text)\n".utf8).span)
    }
  }

  /// Returns the level of `syslog(3)`.
  private func priority(of level: Logger.Level) -> Int32 {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
