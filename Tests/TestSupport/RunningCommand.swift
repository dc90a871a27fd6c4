public import Foundation

/// A command that runs in the background, with its output captured.
///
/// Its output goes into files rather than pipes, so that a child it leaves behind does not delay ``outcome(timeout:)``.
public struct RunningCommand: Sendable {
  private let child: ChildProcess
  private let files: TemporaryFolder

  /// Starts a program.
  ///
  /// - Parameter folder: the working directory.
  /// - Parameter variables: environment variables, besides a plain PATH and locale.
  /// - Parameter input: standard input; `nil` is `/dev/null`.
  /// - Parameter errors: standard error; `nil` captures it.
  public init(
    _ program: String, _ arguments: [String], in folder: String = "/", variables: [String: String] = [:],
    input: FileHandle? = nil, errors: FileHandle? = nil
  ) throws {
    files = try TemporaryFolder()
    for name in ["output", "errors"] { try files.write([], to: name) }
    // Foundation's null device has no descriptor.
    let input = try input ?? FileHandle(forReadingFrom: URL(filePath: "/dev/null"))
    let output = try FileHandle(forWritingTo: files["output"])
    let errors = try errors ?? FileHandle(forWritingTo: files["errors"])
    child = try ChildProcess(
      program, arguments, in: folder,
      variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder]
        .merging(variables) { $1 },
      files: (input.fileDescriptor, output.fileDescriptor, errors.fileDescriptor))
  }

  /// Sends it a signal.
  public func signal(_ number: Int32) {
    child.signal(number)
  }

  /// Waits for its end, and kills it after `timeout`.
  public func outcome(timeout: Duration = .seconds(60)) throws -> CommandOutcome {
    guard let (status, isKilled) = child.wait(timeout: timeout) else {
      child.signal(SIGKILL)
      throw TestFailure("timeout after \(timeout); standard error: \(try files.text(of: "errors"))")
    }
    return CommandOutcome(
      status: status, isKilled: isKilled, output: Array(try Data(contentsOf: files["output"])),
      errors: try files.text(of: "errors"))
  }
}
