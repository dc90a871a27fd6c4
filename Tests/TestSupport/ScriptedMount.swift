import Foundation
public import Testing

/// A temporary folder in which scripts of bash run, and whose mounts go when it does.
///
/// Scripts find `$casfs`, the executable; `$store` and `$mnt`, a store and a place to mount it; and the words of
/// ``prelude``.
public final class ScriptedMount: Sendable {
  /// Whoever runs the tests may ignore these, as `nohup` does; what is tested does not.
  private static let signals = "--default-signal=HUP,INT,PIPE,TERM"

  /// The folder.
  public let path: String

  /// The store's path.
  public var store: String { path + "/store" }
  /// The mount point's path.
  public var mountPoint: String { path + "/mnt" }

  /// Makes the folder with an empty mount point; nothing is mounted, and there is no store.
  public init() throws {
    // Short, for a mount's source is cut when it is long.
    path = "/tmp/casfs-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path + "/mnt", withIntermediateDirectories: true)
    try Data(Self.prelude.utf8).write(to: URL(filePath: path + "/prelude"))
  }

  deinit {
    for place in Self.mounts(below: path) {
      let process = Self.daemon(of: place)
      if process != nil, (try? Self.run(Tool.path, ["unmount", place], seconds: 20).status) == 0 { continue }
      if let process { kill(process, SIGKILL) }
      _ = try? Self.run("/usr/bin/umount", ["-l", place], seconds: 20)
    }
    // What cannot be removed because something is still mounted there must not be emptied either.
    _ = try? Self.run("/usr/bin/rm", ["-rf", "--one-file-system", path], seconds: 60)
  }

  /// How the whole suite is run in one way of reading: `CASFS_READ_MODE=splice swift test`.
  private static let readMode = ProcessInfo.processInfo.environment["CASFS_READ_MODE"].map { "read=\($0)" }

  /// Makes a folder with a store that is mounted.
  ///
  /// - Parameter options: words for `-o`.
  public static func mounted(_ options: String...) throws -> ScriptedMount {
    let workshop = try ScriptedMount()
    // A test that names a mode comes last, and has it.
    let words = ([readMode].compactMap(\.self) + options).flatMap { ["-o", $0] }
    let made = try run(
      "/usr/bin/env",
      [signals, Tool.path, "mount", "--create"] + words + [workshop.store, workshop.mountPoint], seconds: 30)
    guard made.status == 0 else { throw TestFailure("cannot mount: \(made.errors)") }
    return workshop
  }

  /// Runs a script, which must end with status 0 in time.
  ///
  /// - Parameter seconds: how long it may take; it and its children are killed then.
  /// - Returns: what it printed.
  @discardableResult
  public func check(
    _ script: String, seconds: Int = 60, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try bash(script, seconds: seconds)
    if outcome.status != 0 {
      Issue.record(
        "status \(outcome.status): \(outcome.errors)\(outcome.text.suffix(2000))", sourceLocation: sourceLocation)
    }
    return outcome
  }

  /// Runs a script.
  public func bash(_ script: String, seconds: Int = 60) throws -> Outcome {
    let program = [
      Self.signals, "timeout", "-k", "2", String(seconds), "bash", "-c", ". ./prelude\n" + script,
    ]
    let variables = ["casfs": Tool.path, "store": store, "mnt": mountPoint, "top": path]
    return try Running("/usr/bin/env", program, in: path, variables: variables).outcome(seconds: seconds + 10)
  }

  private static func run(_ program: String, _ arguments: [String], seconds: Int) throws -> Outcome {
    try Running(program, arguments, in: "/").outcome(seconds: seconds)
  }

  /// The mounts below a path, the last one first.
  private static func mounts(below path: String) -> [String] {
    // In pieces: of a file in /proc Foundation takes the first for all there is.
    let file = FileHandle(forReadingAtPath: "/proc/self/mountinfo")
    var bytes = Data()
    while let piece = try? file?.read(upToCount: 1 << 16), !piece.isEmpty { bytes += piece }
    let table = String(decoding: bytes, as: UTF8.self)
    let places = table.split(separator: "\n").compactMap {
      $0.split(separator: " ").dropFirst(4).first.map(String.init)
    }
    return places.filter { $0.hasPrefix(path + "/") }.reversed()
  }

  /// The process that serves a mount, when it answers.
  private static func daemon(of place: String) -> Int32? {
    guard let outcome = try? run(Tool.path, ["status", "--json", place], seconds: 10), outcome.status == 0,
      let status = try? JSONDecoder().decode(ServingProcess.self, from: Data(outcome.output))
    else { return nil }
    return status.process
  }

  private struct ServingProcess: Decodable {
    var process: Int32
  }
}
