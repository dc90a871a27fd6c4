import Foundation

/// A process that was started.
public struct Running: Sendable {
  private let child: Child
  private let output: URL
  private let errors: URL

  /// Starts a program. What it says goes into files, so that a child it leaves behind holds up nobody.
  ///
  /// - Parameter folder: the working directory.
  /// - Parameter variables: the environment, besides a plain PATH and locale.
  public init(
    _ program: String, _ arguments: [String], in folder: String, variables: [String: String] = [:]
  ) throws {
    let name = UUID().uuidString
    output = FileManager.default.temporaryDirectory.appending(path: "casfs-out-\(name)")
    errors = FileManager.default.temporaryDirectory.appending(path: "casfs-err-\(name)")
    for file in [output, errors] { try Data().write(to: file) }
    // Foundation's null device has no descriptor.
    let input = try FileHandle(forReadingFrom: URL(filePath: "/dev/null"))
    let toOutput = try FileHandle(forWritingTo: output)
    let toErrors = try FileHandle(forWritingTo: errors)
    child = try Child(
      program, arguments, in: folder,
      variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder]
        .merging(variables) { $1 },
      files: (input.fileDescriptor, toOutput.fileDescriptor, toErrors.fileDescriptor))
    for file in [input, toOutput, toErrors] { try file.close() }
  }

  /// Waits for its end; one that takes longer than so many seconds is killed.
  public func outcome(seconds: Int) throws -> Outcome {
    defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
    guard let (status, isKilled) = child.end(seconds: Double(seconds)) else {
      child.signal(SIGKILL)
      throw TestFailure("not done after \(seconds) seconds; said: \(try text(of: errors))")
    }
    return Outcome(
      status: status, isKilled: isKilled, output: Array(try Data(contentsOf: output)), errors: try text(of: errors))
  }

  private func text(of file: URL) throws -> String {
    String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }
}
