import TestSupport
import Testing

/// The kinds of registries that scripts run against, each on the loopback interface: see `registry.bash`.
enum RegistryServer: String, CaseIterable, CustomTestStringConvertible {
  /// Debian's `docker-registry`.
  case docker
  /// The tests' own, which injects faults: see `Server/registry.py`.
  case test
  /// Debian's behind the tests' own, which injects faults and logs requests.
  case proxied

  var testDescription: String { rawValue }
}

extension ScriptedMount {
  /// Runs a script with a kind of registry.
  func run(
    _ server: RegistryServer, _ script: String, _ parameters: [String: String] = [:], seconds: Int = 60,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try run(
      script, parameters.merging(["kind": server.rawValue]) { $1 }, seconds: seconds, sourceLocation: sourceLocation)
  }
}
