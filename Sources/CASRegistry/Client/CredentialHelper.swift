import CAS
import CASPlatform
import OCI
import SystemPackage

/// A credential helper of Docker: the program `docker-credential-NAME`, which reads a server's address and prints the
/// credentials as JSON (docker-credential-helpers, "Development").
struct CredentialHelper: Hashable, Sendable {
  /// The result of a question.
  enum Answer: Hashable, Sendable {
    case credentials(Credentials)
    /// The helper works, and has no credentials for the server.
    case nothing
    /// The reason why the helper has no result, without anything that it printed.
    case failure(String)
  }

  /// The longest time for an answer, which a user may have to confirm.
  static let defaultTimeout = Duration.seconds(20)
  /// The longest output that is read, in bytes.
  private static let outputLimit = 256 << 10
  /// The words by which every helper says that it has nothing.
  private static let nothing = "credentials not found in native keychain"

  /// The `NAME` in a file of credentials, unchecked.
  let name: String
  /// The variables of the program, and the `PATH` to find it in.
  let environment: [String: String]

  /// The file's name, for messages.
  var program: String { "docker-credential-\(name.sanitized)" }

  /// Whether the name is that of a file, and not of one elsewhere.
  private var isValid: Bool {
    !name.isEmpty && name.utf8.count <= 100
      && name.utf8.allSatisfy { $0.isLetterOrDigit || "-_.".utf8.contains($0) }
  }

  /// Runs the program for a server.
  ///
  /// - Throws: `RegistryError.cancelled`.
  func answer(
    for server: String, timeout: Duration = Self.defaultTimeout, _ cancellation: CancellationToken
  ) throws(RegistryError) -> Answer {
    guard isValid else { return .failure("invalid name") }
    let outcome: ChildProcess.FilterOutcome
    do throws(ChildProcess.FilterFailure) {
      outcome = try ChildProcess.filter(
        program, ["get"], environment: environment, input: Array(server.utf8), outputLimit: Self.outputLimit,
        timeout: timeout, isCancelled: { cancellation.isCancelled })
    } catch {
      switch error {
      case .notStarted(.noSuchFileOrDirectory): return .failure("program not found")
      case .notStarted(let reason): return .failure("program not started: \(reason)")
      case .outputTooLong: return .failure("answer longer than \(Self.outputLimit >> 10) KiB")
      case .timedOut: return .failure("no answer within \(timeout.components.seconds) seconds")
      case .cancelled: throw .cancelled
      }
    }
    guard outcome.status == 0 else {
      let text = String(decoding: outcome.output.prefix(1024), as: UTF8.self)
      return text.contains(Self.nothing) ? .nothing : .failure("exit status \(outcome.status)")
    }
    return Self.answer(outcome.output)
  }

  /// Parses the output of a program that succeeded.
  private static func answer(_ output: [UInt8]) -> Answer {
    guard let reply = try? JSON(parsing: output), let user = reply["Username"]?.text,
      let secret = reply["Secret"]?.text
    else { return .failure("answer is not JSON with Username and Secret") }
    if secret.isEmpty { return .nothing }
    return .credentials(user == Credentials.tokenUser ? .identityToken(secret) : .password(user: user, secret))
  }
}
