import Foundation
import TestSupport

/// The processes that make the system calls, on one mount.
final class Worker {
  private let child: ChildProcess
  private let commands = Pipe()
  private let answers = Pipe()
  private var rest = Data()

  /// Starts worker 0 and the one that looks. All end with this value, or after so many seconds.
  init(_ workshop: ScriptedMount, seconds: Int) throws {
    let program = workshop.path + "/worker.py"
    try Data(Program.text.utf8).write(to: URL(filePath: program))
    for pipe in [commands, answers] {
      for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
        _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
      }
    }
    child = try ChildProcess(
      "/usr/bin/timeout",
      ["-k", "2", String(seconds), "/usr/bin/python3", program, workshop.mountPoint, workshop.store],
      variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
      files: (
        commands.fileHandleForReading.fileDescriptor, answers.fileHandleForWriting.fileDescriptor,
        FileHandle.standardError.fileDescriptor
      ))
    // Its death is the end of the answers.
    try commands.fileHandleForReading.close()
    try answers.fileHandleForWriting.close()
  }

  /// What came of a command; an error's name when it failed.
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
