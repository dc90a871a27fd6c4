import CAS
import Foundation
import NIOHTTP1
import OCI
import TestSupport

@testable import CASRegistry

/// The registry of `Server/habits.py`, whose every habit is a switch, in a process of its own.
final class HabitServer: Sendable {
  /// The content of a repository, as the server has it.
  struct Content: Decodable {
    /// The digests of the tags.
    var tags: [String: String]
    /// The digests of what is stored under each digest.
    var blobs: [String: String]
    var manifests: [String: String]
    /// The number of requests to which the habit applied, by their kinds.
    var counts: [String: Int]
  }

  let host: String
  private let folder = try? TemporaryFolder()
  private let command: RunningCommand
  /// The server ends when this end of its input closes.
  private let input = Pipe()

  /// - Parameter base: the status of the answer to `/v2/`.
  init(base: Int = 200) throws {
    guard let folder else { throw TestFailure("no temporary folder") }
    let program = Project.folder.appending(path: "Tests/RegistryTests/Server/habits.py").path
    command = try RunningCommand(
      "/usr/bin/env", ["python3", "-B", program, folder("port"), "\(base)"], input: input.fileHandleForReading)
    var port = ""
    let isStarted = eventually {
      port = (try? folder.text(of: "port")) ?? ""
      return !port.isEmpty
    }
    guard isStarted else { throw TestFailure("the registry does not start") }
    host = "127.0.0.1:\(port)"
  }

  deinit {
    command.signal(SIGKILL)
    _ = try? command.outcome()
  }

  func content(of repository: String) throws -> Content {
    let client = try client(for: repository)
    let (_, body) = try client.fetch(
      RegistryRequest(method: .GET, target: "/state/\(repository)"), limit: 1 << 20,
      OperationContext("get state", on: repository))
    return try JSONDecoder().decode(Content.self, from: Data(body ?? []))
  }

  private func client(for repository: String) throws -> RegistryClient {
    RegistryClient(try RegistryAddress("docker+http://\(host)/\(repository)"), environment: [:])
  }

  /// Opens a repository with an empty cache, and repeats requests after a moment.
  func open(_ repository: String, isReadOnly: Bool = false) throws -> RegistryEngine {
    var driver = RegistryDriver(environment: [
      "HOME": folder?("\(repository)") ?? "/", "REGISTRY_AUTH_FILE": "/dev/null",
    ])
    driver.retryDelay = .milliseconds(1)
    let options = OpenOptions(isReadOnly: isReadOnly)
    let engine = try driver.open("docker+http://\(host)/\(repository)", options: options)
    guard let engine = engine as? RegistryEngine else { throw TestFailure("not a registry: \(engine.uri)") }
    return engine
  }
}
