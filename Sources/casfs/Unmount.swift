import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs unmount`: unmounts a directory, and waits for the end of its daemon.
struct Unmount: ParsableCommand {
  /// The time in which a mount with a server says which process its daemon is.
  private static let answerTime = Duration.seconds(1)
  /// The time between two attempts.
  private static let attemptInterval = Duration.milliseconds(10)

  static let configuration = CommandConfiguration(
    abstract: "Unmount a directory, and wait for the end of its daemon.")

  @Argument(help: "The directory a store is mounted on.", completion: .directory)
  var directory: String

  func run() throws {
    let context = OperationContext("unmount", on: directory)
    do throws(CASError) {
      let path = try mappingErrno(context, try PathQuery.absolute(directory))
      let (process, attempts) = try daemon(of: path)
      let daemon = process.map { DaemonExit(of: $0, device: MountTable.device(of: path), context) }
      try mappingErrno(context) { () throws(Errno) in try unmount(path, attempts: attempts) }
      try daemon?.wait()
    } catch {
      // A stale mount, whose daemon was killed, is detached.
      guard error.code == .io(.socketNotConnected), Session.detach(directory) else {
        throw error.during(context)
      }
    }
  }

  /// Unmounts, and tries again while the mount is in use.
  private func unmount(_ path: String, attempts: Int) throws(Errno) {
    for _ in 1..<attempts {
      do throws(Errno) {
        return try Session.unmount(path)
      } catch {
        guard error == .resourceBusy else { throw error }
      }
      Thread.sleep(for: Self.attemptInterval)
    }
    try Session.unmount(path)
  }

  /// Returns the process whose end is the end of the daemon. A keeper ends after its server.
  ///
  /// The status has its number. A mount without a server gives none, so the keeper is then found by its name.
  ///
  /// - Returns: also how often to try: the process that asked in vain uses the mount until it has ended.
  private func daemon(of path: String) throws(CASError) -> (Int32?, attempts: Int) {
    let query = try? ForkedQuery { (try? PathQuery.attribute(MountStatus.attribute, of: path)) ?? [] }
    if let query, query.answer(by: .now + Self.answerTime) == nil, let keeper = Keeper.process(of: path) {
      return (keeper, 50)
    }
    let status: JSON
    do throws(CASError) {
      status = try Status.status(of: directory)
    } catch {
      guard error.code == .io(.timedOut) else { throw error }
      return (nil, 50)
    }
    return ((status["keeper"] ?? status["process"])?.integer.flatMap { Int32(exactly: $0) }, 1)
  }
}
