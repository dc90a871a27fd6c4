import ArgumentParser
import CAS
import CASPlatform

/// What a person is told when a command does not just do its work, and the exit status that goes with it.
struct Report {
  /// The exit status: 0, 1 when it failed, 64 for wrong usage (`EX_USAGE` of `sysexits.h`).
  let status: Int32
  private let text: String

  /// Finds the words for an error. A request for help, the version or a completion script is no failure.
  init(_ error: any Error) {
    status = Casfs.exitCode(for: error).rawValue
    switch error {
    case let error as CASError: text = error.description
    case _ where status == 0: text = Casfs.fullMessage(for: error)
    case _ where status == ExitCode.validationFailure.rawValue: text = Self.usage(error)
    default: text = Casfs.message(for: error)
    }
  }

  /// Prints it: help and its like to standard output, a failure to standard error, in one line.
  ///
  /// - Returns: the exit status.
  func deliver() -> Int32 {
    guard status == 0 else {
      // Without words, another process has said them.
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

  /// What is wrong with the arguments, and where the right ones are explained.
  private static func usage(_ error: any Error) -> String {
    let message = Casfs.message(for: error)
    let reason = message.prefix(1).lowercased() + message.dropFirst()
    // The parser knows which command it was in, and says so only at the end of its own long form.
    let last = Casfs.fullMessage(for: error).split(separator: "\n").last?.drop { $0 == " " } ?? ""
    let hint = last.hasPrefix("See '") ? String(last.dropFirst(4)) : "'casfs --help' for more information."
    return "wrong usage: \(reason) (see \(hint.split(separator: "'").first ?? "casfs --help"))"
  }

  private static func complain(_ text: String) {
    // There is nobody left to tell when this fails.
    try? StandardStream.error.write(Array("casfs: \(text.onOneLine)\n".utf8).span)
  }
}
