import Foundation
import TestSupport
import Testing

/// The registries that tests run against; all of them on the loopback interface, for one script each.
enum Servers: String, CaseIterable, CustomTestStringConvertible {
  /// Debian's `docker-registry`.
  case genuine
  /// The tests' own, whose faults can be asked for: see `Server/registry.py`.
  case own
  /// Debian's, behind the tests' own, so that faults can be asked for and requests are logged.
  case proxied

  var testDescription: String { rawValue }

  /// Gives scripts the words for registries.
  static let words =
    ". '\(Project.folder.appending(path: "Tests/RegistryTests/Server/words.bash").path)'\n"

  /// Starts it as the registry `main`.
  var start: String { "\(rawValue) main" }
}

extension ScriptedMount {
  /// Runs a script with the words for registries, and one of them started.
  func check(
    _ server: Servers, _ script: String, seconds: Int = 60, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try check(Servers.words + server.start + "\n" + script, seconds: seconds, sourceLocation: sourceLocation)
  }
}
