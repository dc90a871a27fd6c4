import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs reload`: replaces the server of a mount by the program that is installed now.
struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replace the server of a mount by the installed version.",
    discussion: "Open files, also those that are being written, stay usable. The mount needs the option keeper.")

  /// The time limit for the next version.
  private static let timeout = Duration.seconds(120)
  /// The time limit for the server to begin with it.
  private static let answerTimeout = Duration.seconds(10)
  private static let interval = Duration.milliseconds(10)

  @Argument(help: "The directory a store is mounted on.", completion: .directory)
  var directory: String?

  @Flag(help: "Reload every mount with a keeper that this user can.")
  var all = false

  func validate() throws {
    if all == (directory != nil) { throw ValidationError("reload takes a directory or --all") }
  }

  func run() throws {
    var output = Output()
    if let directory {
      try output.line("casfs \(try Self.reload(directory))")
      return try output.flush()
    }
    var hasFailed = false
    let mounts = try ListedMount.all().filter { $0.state == .serving && $0.status?["reloads"] != nil }
    for mount in mounts {
      do throws(CASError) {
        try output.line(mount.directory, "casfs \(try Self.reload(mount.directory))")
      } catch {
        hasFailed = true
        Report.warn(error.description)
      }
    }
    try output.flush()
    if hasFailed { throw ExitCode.failure }
  }

  /// Reloads a mount.
  ///
  /// - Returns: the version that serves it then.
  private static func reload(_ directory: String) throws(CASError) -> String {
    let context = OperationContext("reload", on: directory)
    let before = try status(of: directory, by: .now + answerTimeout, context)
    guard before["keeper"] != nil else { throw CASError(.invalid, context, cause: "the mount has no keeper") }
    guard before["reloads"] != nil else {
      throw CASError(.invalid, context, cause: "casfs \(before["version"]?.text ?? "") cannot be replaced; unmount it")
    }
    try request(directory, context)
    let deadline = ContinuousClock.now + timeout
    while ContinuousClock.now < deadline {
      let now = try status(of: directory, by: deadline, context)
      if now.number("restarts") != before.number("restarts") {
        throw CASError(.io(.ioError), context, cause: "the server died; casfs \(now["version"]?.text ?? "") goes on")
      }
      if now.number("reloads") != before.number("reloads") { return now["version"]?.text ?? "" }
      if now.number("reload_failures") != before.number("reload_failures") {
        throw CASError(.invalid, context, cause: now["reload_error"]?.text ?? "refused")
      }
      Thread.sleep(for: interval)
    }
    throw CASError(Errno.timedOut, context)
  }

  private static func status(
    of directory: String, by deadline: ContinuousClock.Instant, _ context: OperationContext
  ) throws(CASError) -> JSON {
    do throws(CASError) {
      return try Status.status(of: directory, by: deadline)
    } catch {
      throw error.during(context)
    }
  }

  private static func request(_ directory: String, _ context: OperationContext) throws(CASError) {
    do throws(Errno) {
      _ = try ForkedQuery.ask(by: .now + answerTimeout) { () throws(Errno) in
        try OpenFile.open(path: directory, [.readOnly, .directory]).requestReload()
        return []
      }
    } catch {
      let cause =
        switch error {
        case .resourceBusy: "another reload is under way"
        case .notPermitted: "another user mounted the store"
        case .timedOut: "the server does not answer"
        default: error.description
        }
      throw CASError(.io(error), context, cause: cause)
    }
  }
}

extension JSON {
  fileprivate func number(_ member: String) -> Int64? { self[member]?.integer }
}
