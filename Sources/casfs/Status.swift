import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs status`: prints the status of a mount.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the status of a mount.")

  @Argument(help: "The directory a store is mounted on.", completion: .directory)
  var directory: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let status = try Self.status(of: directory)
    var output = Output()
    if json {
      try output.line(status)
    } else if case .object(let members) = status {
      for member in members {
        if case .object(let counters) = member.value {
          for counter in counters { try output.line(counter.name, Self.text(counter.value)) }
        } else {
          try output.line(member.name, Self.text(member.value))
        }
      }
    }
    try output.flush()
  }

  /// Reads the status of a mount from its daemon, by an extended attribute of the root.
  static func status(of directory: String) throws(CASError) -> JSON {
    do throws(Errno) {
      let bytes = try PathQuery.attribute(MountStatus.attribute, of: directory)
      do throws(InvalidValue) {
        return try JSON(parsing: bytes)
      } catch {
        throw .badMessage
      }
    } catch {
      let isOther = error == .noData || error == .notSupportedOnSocket
      throw isOther
        ? CASError(.invalid, operation: "status of", subject: directory, cause: "no store is mounted there")
        : CASError(error, OperationContext("status of", on: directory))
    }
  }

  private static func text(_ value: JSON) -> String {
    value.text ?? String(decoding: value.serialized, as: UTF8.self)
  }
}
