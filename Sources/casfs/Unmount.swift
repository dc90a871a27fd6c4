import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs unmount`: takes a mount away and waits for its daemon.
struct Unmount: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Unmount a directory, and return when its daemon is done.")

  @Argument(help: "The directory a store is mounted on.", completion: .directory)
  var directory: String

  /// How long the daemon may take to publish what was closed before.
  private static let timeout = Duration.seconds(600)

  func run() throws {
    do throws(CASError) {
      let status = try Status.status(of: directory)
      let process = status["process"]?.integer.flatMap { Int32(exactly: $0) }
      let path = try Self.mappingErrors(directory) { () throws(Errno) in try PathQuery.absolute(directory) }
      try Self.mappingErrors(directory) { () throws(Errno) in try Session.unmount(path) }
      if let process {
        try Self.mappingErrors(directory) { () throws(Errno) in
          try Daemon.waitForExit(of: process, timeout: Self.timeout)
        }
      }
    } catch {
      // What a killed daemon left behind has nobody to ask and nothing in use.
      guard error.code == .io(.socketNotConnected), Session.detach(directory) else {
        throw error.during(OperationContext("unmount", on: directory))
      }
    }
  }

  private static func mappingErrors<Result>(
    _ directory: String, _ body: () throws(Errno) -> Result
  ) throws(CASError) -> Result {
    do throws(Errno) {
      return try body()
    } catch {
      throw CASError(error, OperationContext("unmount", on: directory))
    }
  }
}
