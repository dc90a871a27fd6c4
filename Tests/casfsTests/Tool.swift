import Foundation
import TestSupport

/// What a test fails with when a process does not end in time.
struct TooSlow: Error {}

/// The built executable, which stands beside the test bundle.
enum Tool {
  static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: own).deletingLastPathComponent().appending(path: "casfs").path
  }()

  /// Runs casfs to its end.
  static func run(_ arguments: [String], input: [UInt8] = []) throws -> Outcome {
    try execute(path, arguments, input: input)
  }

  /// Runs a script of bash to its end; `$casfs` is the executable, `$1` and so on the arguments. SIGINT and SIGPIPE
  /// are what they are for a user, whatever runs the tests.
  static func bash(_ script: String, _ arguments: [String] = []) throws -> Outcome {
    try execute("/usr/bin/env", ["--default-signal=INT,PIPE", "bash", "-c", script, "bash"] + arguments)
  }

  /// Runs a program to its end, for a minute at most.
  static func execute(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> Outcome {
    let folder = try Folder()
    try folder.write(input, to: "input")
    let running = try Running(program, arguments, in: folder, input: FileHandle(forReadingFrom: folder["input"]))
    return try running.outcome()
  }
}

/// A process that was started.
struct Running {
  private let child: Child
  private let folder: Folder

  /// Starts a program, with output into files of a folder, as far as it does not go elsewhere.
  init(_ program: String, _ arguments: [String], in folder: Folder, input: FileHandle, errors: FileHandle? = nil) throws
  {
    self.folder = folder
    try folder.write([], to: "output")
    try folder.write([], to: "errors")
    let output = try FileHandle(forWritingTo: folder["output"])
    let errors = try errors ?? FileHandle(forWritingTo: folder["errors"])
    child = try Child(
      program, arguments,
      variables: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "casfs": Tool.path],
      files: (input.fileDescriptor, output.fileDescriptor, errors.fileDescriptor))
  }

  /// Sends it a signal.
  func signal(_ number: Int32) {
    child.signal(number)
  }

  /// Waits for its end, for a minute at most.
  func outcome() throws -> Outcome {
    guard let (status, isKilled) = child.end(seconds: 60) else {
      signal(SIGKILL)
      throw TooSlow()
    }
    return Outcome(
      status: status, isKilled: isKilled, output: Array(try Data(contentsOf: folder["output"])),
      errors: String(decoding: try Data(contentsOf: folder["errors"]), as: UTF8.self))
  }
}
