import ArgumentParser
import CAS
import CASPlatform

/// The message and the exit status of a command that failed, or that printed help.
struct Report {
  /// The exit status: 0 for help, 1 for a failure, 64 for wrong usage (`EX_USAGE` of `sysexits.h`).
  let status: Int32
  private let text: String

  /// Creates the report of an error. The parser throws help, the version and completion scripts as errors too.
  init(_ error: any Error) {
    status = Casfs.exitCode(for: error).rawValue
    switch error {
    case let error as CASError: text = error.description
    case _ where status == 0: text = Casfs.fullMessage(for: error)
    case _ where status == ExitCode.validationFailure.rawValue: text = Self.usage(error)
    default: text = Casfs.message(for: error)
    }
  }

  /// Prints the message: help to standard output, a failure as one line to standard error.
  ///
  /// - Returns: the exit status.
  func deliver() -> Int32 {
    guard status == 0 else {
      // An empty message was printed by the child.
      if !text.isEmpty { Self.complain(text) }
      return status
    }
    var output = Output()
    do throws(CASError) {
      if !text.isEmpty { try output.text(text) }
      try output.flush()
      return 0
    } catch {
      Self.complain(error.description)
      return 1
    }
  }

  /// Returns the message for wrong usage: the reason, and the command that prints the right one.
  private static func usage(_ error: any Error) -> String {
    // A message of the parser may have several lines.
    let lines = Casfs.message(for: error).split(whereSeparator: \.isNewline)
    let message = lines.map { String($0.drop { $0 == " " }) }.joined(separator: " ")
    let reason = message.prefix(1).lowercased() + message.dropFirst()
    // The parser names the command only in the last line of its full message.
    let last = Casfs.fullMessage(for: error).split(separator: "\n").last?.drop { $0 == " " } ?? ""
    let hint = last.hasPrefix("See '") ? String(last.dropFirst(4)) : "'casfs --help' for more information."
    return "wrong usage: \(reason) (see \(hint.split(separator: "'").first ?? "casfs --help"))"
  }

  /// Prints a line to standard error about work that goes on.
  static func warn(_ text: String) {
    complain(text)
  }

  private static func complain(_ text: String) {
    // A failure cannot be reported anywhere.
    try? StandardStream.error.write(Array("casfs: \(text.onOneLine)\n".utf8).span)
  }
}
