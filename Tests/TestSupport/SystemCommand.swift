import Foundation
import Testing

/// Programs of the system, each run to its end.
public enum SystemCommand {
  /// Runs a program with standard input.
  public static func run(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> CommandOutcome {
    let folder = try TemporaryFolder()
    try folder.write(input, to: "input")
    let running = try RunningCommand(
      program, arguments, variables: ["casfs": Casfs.path], input: FileHandle(forReadingFrom: folder["input"]))
    return try running.outcome()
  }

  /// Runs a line of bash; `$casfs` is the executable, `$1` and so on the arguments. SIGINT and SIGPIPE have their
  /// default action, whatever the test runner set.
  public static func bash(_ script: String, _ arguments: [String] = []) throws -> CommandOutcome {
    try run("/usr/bin/env", ["--default-signal=INT,PIPE", "bash", "-c", script, "bash"] + arguments)
  }

  /// Runs a file of bash, like ``bash(_:_:)``.
  ///
  /// - Parameter script: its path below `Scripts` of the caller's target.
  public static func script(
    _ script: String, _ arguments: [String] = [], fileID: String = #fileID
  ) throws -> CommandOutcome {
    let path = Project.scripts(of: fileID).appending(path: script).path
    return try run("/usr/bin/env", ["--default-signal=INT,PIPE", "bash", path] + arguments)
  }

  /// Runs a program that must succeed.
  ///
  /// - Returns: its output and errors.
  @discardableResult
  public static func expect(_ words: String...) throws -> String {
    try expect(words)
  }

  /// Runs a program that must succeed.
  ///
  /// - Returns: its output and errors.
  @discardableResult
  public static func expect(_ words: [String]) throws -> String {
    let outcome = try RunningCommand("/usr/bin/env", words).outcome(timeout: .seconds(120))
    let printed = outcome.text + outcome.errors
    #expect(outcome.status == 0, "\(words): \(printed)")
    return printed
  }
}
