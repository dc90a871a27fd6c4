import Foundation
public import Testing

/// A temporary folder in which scripts of bash run, whose mounts end with it.
///
/// A script sources `helpers.bash`, which says what it finds in its environment.
public final class ScriptedMount: Sendable {
  /// Signals that the caller of the tests may ignore, as `nohup` does, and scripts must not.
  private static let signals = "--default-signal=HUP,INT,PIPE,TERM"

  /// The folder.
  public let path: String

  /// The store's path.
  public var store: String { path + "/store" }
  /// The mount point's path.
  public var mountPoint: String { path + "/mnt" }

  /// Creates the folder with an empty mount point, without a mount or a store.
  public init() throws {
    // Short, because the source of a mount is truncated when it is long.
    path = "/tmp/casfs-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path + "/mnt", withIntermediateDirectories: true)
  }

  deinit {
    for place in Self.mounts(below: path) {
      let process = Self.daemon(of: place)
      if process != nil, (try? Self.run(Casfs.path, ["unmount", place], seconds: 20).status) == 0 { continue }
      if let process { kill(process, SIGKILL) }
      _ = try? Self.run("/usr/bin/umount", ["-l", place], seconds: 20)
    }
    // A mount that is still there must not be emptied.
    _ = try? Self.run("/usr/bin/rm", ["-rf", "--one-file-system", path], seconds: 60)
  }

  /// The read mode that the whole suite is run in: `CASFS_READ_MODE=splice swift test`.
  private static let readMode = ProcessInfo.processInfo.environment["CASFS_READ_MODE"].map { "read=\($0)" }

  /// Creates a folder with a mounted store.
  ///
  /// - Parameter options: words for `-o`.
  public static func mounted(_ options: String...) throws -> ScriptedMount {
    let scripted = try ScriptedMount()
    // The options of a test come last, so that a read mode it names wins.
    let words = ([readMode].compactMap(\.self) + options).flatMap { ["-o", $0] }
    let made = try run(
      "/usr/bin/env",
      [signals, Casfs.path, "mount", "--create"] + words + [scripted.store, scripted.mountPoint], seconds: 30)
    guard made.status == 0 else { throw TestFailure("cannot mount: \(made.errors)") }
    return scripted
  }

  /// Runs a script, which must end with status 0 in time.
  ///
  /// - Parameter script: its path below `Scripts` of the caller's target.
  /// - Parameter parameters: environment variables for it.
  /// - Parameter seconds: how long it may take; then it and its children are killed.
  /// - Returns: its output.
  @discardableResult
  public func run(
    _ script: String, _ parameters: [String: String] = [:], seconds: Int = 60, fileID: String = #fileID,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> CommandOutcome {
    let file = Project.scripts(of: fileID).appending(path: script)
    return try check([file.path], file.deletingLastPathComponent(), parameters, seconds, fileID, sourceLocation)
  }

  /// Runs a line of bash with the helpers, as ``run(_:_:seconds:fileID:sourceLocation:)`` does a script.
  @discardableResult
  public func runLine(
    _ line: String, seconds: Int = 60, fileID: String = #fileID, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> CommandOutcome {
    try check(
      ["-c", ". helpers.bash\n" + line], Project.scripts(of: fileID), [:], seconds, fileID, sourceLocation)
  }

  private func check(
    _ bash: [String], _ scripts: URL, _ parameters: [String: String], _ seconds: Int, _ fileID: String,
    _ sourceLocation: SourceLocation
  ) throws -> CommandOutcome {
    let program = [Self.signals, "timeout", "-k", "2", String(seconds), "bash"] + bash
    // `source` looks for files without a slash in PATH.
    let folders = [Project.scripts(of: #fileID), Project.scripts(of: fileID), scripts].map(\.path)
    let variables = [
      "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:" + folders.joined(separator: ":"), "casfs": Casfs.path, "store": store,
      "mnt": mountPoint, "top": path, "scripts": scripts.path, "helpers": folders[0],
    ]
    let running = try RunningCommand("/usr/bin/env", program, in: path, variables: variables.merging(parameters) { $1 })
    let outcome = try running.outcome(timeout: .seconds(seconds + 10))
    if outcome.status != 0 {
      Issue.record(
        "status \(outcome.status): \(outcome.errors)\(outcome.text.suffix(2000))", sourceLocation: sourceLocation)
    }
    return outcome
  }

  private static func run(_ program: String, _ arguments: [String], seconds: Int) throws -> CommandOutcome {
    try RunningCommand(program, arguments).outcome(timeout: .seconds(seconds))
  }

  /// The mount points below a path, the newest first.
  private static func mounts(below path: String) -> [String] {
    // In pieces: Foundation takes the first read of a file in /proc for the whole file.
    let file = FileHandle(forReadingAtPath: "/proc/self/mountinfo")
    var bytes = Data()
    while let piece = try? file?.read(upToCount: 1 << 16), !piece.isEmpty { bytes += piece }
    let table = String(decoding: bytes, as: UTF8.self)
    let places = table.split(separator: "\n").compactMap {
      $0.split(separator: " ").dropFirst(4).first.map(String.init)
    }
    return places.filter { $0.hasPrefix(path + "/") }.reversed()
  }

  /// Whether the mount's kernel sends requests again that a dead server had read.
  var resends: Bool { Self.status(of: mountPoint)?.resendingObstacle == nil }

  /// The process id of a mount's keeper, or of its daemon without one, when it answers.
  private static func daemon(of place: String) -> Int32? {
    status(of: place).map { $0.keeper ?? $0.process }
  }

  private static func status(of place: String) -> Status? {
    guard let outcome = try? run(Casfs.path, ["status", "--json", place], seconds: 10), outcome.status == 0
    else { return nil }
    return try? JSONDecoder().decode(Status.self, from: Data(outcome.output))
  }

  private struct Status: Decodable {
    var process: Int32
    var keeper: Int32?
    var resendingObstacle: String?

    enum CodingKeys: String, CodingKey {
      case process, keeper
      case resendingObstacle = "no_resend"
    }
  }
}
