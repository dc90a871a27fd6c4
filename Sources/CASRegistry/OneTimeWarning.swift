import CASPlatform
import Logging

/// Warnings about the user's environment, each of which a process logs once, however many stores it opens.
enum OneTimeWarning {
  private static let logged = Monitor<Set<String>>([])
  private static let logger = Logger(label: "casfs")

  /// Logs a message, unless this process has logged it.
  static func log(_ message: String) {
    if logged.withLock(notifying: .none, { $0.insert(message).inserted }) { logger.warning("\(message)") }
  }
}
