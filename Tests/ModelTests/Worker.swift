import Foundation
import TestSupport

/// The processes that make the system calls on one mount: see `Scripts/worker.py`.
final class Worker {
  private let child: ChildProcess
  private let commands = Pipe()
  private let answers = Pipe()
  private var rest = Data()

  /// Starts worker 0 and the one that looks. All end with this value, or after `seconds`.
  init(_ mount: ScriptedMount, seconds: Int) throws {
    let program = Project.folder.appending(path: "Tests/ModelTests/Scripts/worker.py").path
    for pipe in [commands, answers] {
      for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
        _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
      }
    }
    child = try ChildProcess(
      "/usr/bin/timeout",
      ["-k", "2", String(seconds), "/usr/bin/python3", program, mount.mountPoint, mount.store],
      variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
      files: (
        commands.fileHandleForReading.fileDescriptor, answers.fileHandleForWriting.fileDescriptor,
        FileHandle.standardError.fileDescriptor
      ))
    // So that its end closes the pipe of answers.
    try commands.fileHandleForReading.close()
    try answers.fileHandleForWriting.close()
  }

  /// The answer to a command; the name of an error when it failed.
  func answer(_ worker: Int, _ command: String) throws -> String {
    try commands.fileHandleForWriting.write(contentsOf: Data("\(worker) \(command)\n".utf8))
    while true {
      if let end = rest.firstIndex(of: 0) {
        defer { rest = Data(rest[(end + 1)...]) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else { return "GONE" }
      rest += more
    }
  }

  deinit {
    try? commands.fileHandleForWriting.close()
    if child.wait(timeout: .seconds(30)) == nil { child.signal(SIGKILL) }
  }
}
