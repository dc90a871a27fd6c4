import CAS
import CASPlatform
import OCI
import SystemPackage

/// The result of a search for credentials.
struct CredentialLookup: Hashable, Sendable {
  var credentials: Credentials?
  /// The failures of helpers, for the message of a registry that then refuses.
  var failures: [String] = []
}

/// The credential files of container tools: `containers-auth.json(5)` and Docker's `config.json`, and the credential
/// helpers that they name.
struct CredentialFiles: Sendable {
  /// The longest file that is read, in bytes.
  private static let fileSizeLimit = 1 << 20

  /// The files, by descending precedence.
  private let paths: [String]
  private let environment: [String: String]
  private let answers: CredentialHelperAnswers
  private let helperTimeout: Duration

  init(
    environment: [String: String], answers: CredentialHelperAnswers = .shared,
    helperTimeout: Duration = CredentialHelper.defaultTimeout
  ) {
    var paths: [String] = []
    if let path = environment["REGISTRY_AUTH_FILE"], !path.isEmpty {
      paths = [path]
    } else {
      if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
        paths.append("\(runtime)/containers/auth.json")
      }
      if let home = environment["HOME"], !home.isEmpty {
        let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        paths.append("\(configuration)/containers/auth.json")
        let docker = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.docker"
        paths.append("\(docker)/config.json")
      }
    }
    self.paths = paths
    self.environment = environment
    self.answers = answers
    self.helperTimeout = helperTimeout
  }

  /// Looks for the credentials for a repository: those of the first file that has any, or whose helper has. A helper
  /// that fails is passed over, with a warning.
  ///
  /// - Parameter rejected: credentials that the registry does not accept: a helper that answered with them is asked
  ///   again.
  /// - Throws: `RegistryError.refused` for a file that is unreadable or malformed; the message has no content of it.
  ///   `cancelled`.
  func lookup(
    for address: RegistryAddress, rejected: Credentials? = nil, _ cancellation: CancellationToken
  ) throws(RegistryError) -> CredentialLookup {
    var lookup = CredentialLookup()
    for path in paths {
      guard let file = try CredentialFile(path, sizeLimit: Self.fileSizeLimit) else { continue }
      if let helper = file.helper(for: address) {
        let helper = CredentialHelper(name: helper, environment: environment)
        lookup.credentials = try ask(helper, address, rejected, &lookup.failures, cancellation)
        if lookup.credentials != nil { return lookup }
      }
      lookup.credentials = try file.credentials(for: address)
      if lookup.credentials != nil { return lookup }
    }
    return lookup
  }

  private func ask(
    _ helper: CredentialHelper, _ address: RegistryAddress, _ rejected: Credentials?, _ failures: inout [String],
    _ cancellation: CancellationToken
  ) throws(RegistryError) -> Credentials? {
    for server in CredentialFile.helperServers(for: address) {
      switch try answers.answer(of: helper, for: server, rejected: rejected, timeout: helperTimeout, cancellation) {
      case .credentials(let credentials): return credentials
      case .nothing: continue
      case .failure(let reason):
        let failure = "credential helper \(helper.program): \(reason)"
        failures.append(failure)
        OneTimeWarning.log("\(failure); no credentials from it for \(address.authority)")
        return nil
      }
    }
    return nil
  }
}
