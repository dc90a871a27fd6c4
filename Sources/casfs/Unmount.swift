import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs unmount`: unmounts a directory, and waits for the end of its daemon.
struct Unmount: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Unmount a directory, and wait for the end of its daemon.")

  @Argument(help: "The directory a store is mounted on.", completion: .directory)
  var directory: String

  func run() throws {
    let context = OperationContext("unmount", on: directory)
    do throws(CASError) {
      let status = try Status.status(of: directory)
      // The keeper ends after the server.
      let process = (status["keeper"] ?? status["process"])?.integer.flatMap { Int32(exactly: $0) }
      let path = try mappingErrno(context, try PathQuery.absolute(directory))
      let daemon = process.map { DaemonExit(of: $0, device: MountTable.device(of: path), context) }
      try mappingErrno(context, try Session.unmount(path))
      try daemon?.wait()
    } catch {
      // A stale mount, whose daemon was killed, is detached.
      guard error.code == .io(.socketNotConnected), Session.detach(directory) else {
        throw error.during(context)
      }
    }
  }
}
