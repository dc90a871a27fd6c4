import Foundation
import TestSupport

/// The processes that make the system calls, on one mount.
final class Worker {
  private let process = Process()
  private let commands = Pipe()
  private let answers = Pipe()
  private var rest = Data()

  /// Starts worker 0 and the one that looks. All end with this value, or after so many seconds.
  init(_ workshop: Workshop, seconds: Int) throws {
    let program = workshop.path + "/worker.py"
    try Data(Program.text.utf8).write(to: URL(filePath: program))
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = [
      "-k", "2", String(seconds), "/usr/bin/python3", program, workshop.mountPoint, workshop.store,
    ]
    process.standardInput = commands
    process.standardOutput = answers
    try process.run()
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
    process.waitUntilExit()
  }
}
