import CASPlatform
import Foundation
import TestSupport

/// Debian's registry on this machine, shared by all tests of a process and started by the first. It ends with the
/// process, also when that is killed.
enum TestRegistry {
  private static let program = "/usr/bin/docker-registry"
  private static let folder = FileManager.default.temporaryDirectory.appending(
    path: "castests-registry-\(UUID().uuidString)")

  /// Whether tests use it.
  static var isWanted: Bool {
    FileManager.default.isExecutableFile(atPath: program) || ProcessInfo.processInfo.environment["CI"] != nil
  }

  /// The environment of the driver, with a cache of this process alone.
  static let variables = ["HOME": folder.path, "XDG_CACHE_HOME": folder.path + "/cache"]

  /// Host and port.
  static func authority() throws -> String { try started.get() }

  private static let started = Result { try start() }

  private static func start() throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let configuration = """
      version: 0.1
      log: {level: info, accesslog: {disabled: true}}
      storage: {filesystem: {rootdirectory: \(folder.path)/data}, delete: {enabled: true}}
      http: {addr: "127.0.0.1:0", secret: secret}
      """
    try Data(configuration.utf8).write(to: folder.appending(path: "config.yml"))
    let null = try OpenFile.open(path: "/dev/null", [.readWrite])
    // Only this process has the other end of the pipe, which closes with it. Signals may be blocked, so none is used.
    let script =
      "\(program) serve config.yml >said 2>&1 & read end; kill -KILL $!; sleep 0.2; cd /; rm -rf '\(folder.path)'"
    _ = try ChildProcess(
      "/bin/sh", ["-c", script], in: folder.path, variables: ["PATH": "/usr/bin:/bin"],
      files: (pipe.get().reader.rawValue, null.rawValue, null.rawValue))
    for _ in 0..<600 {
      let said = (try? String(contentsOf: folder.appending(path: "said"), encoding: .utf8)) ?? ""
      if let range = said.firstRange(of: "listening on ") {
        return String(said[range.upperBound...].prefix { !"\" \n,".contains($0) })
      }
      usleep(50_000)
    }
    throw TestFailure("docker-registry does not start")
  }

  private static let pipe = Result { try CASPlatform.Pipe() }
}
