import ArgumentParser
import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// `casfs status`: prints the status of a mount, or lists the mounts of the machine.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the status of a mount, or list all mounts.")

  /// The time limit for the answer of one mount. A keeper gives a mount up that has had no server for a minute.
  private static let timeout = Duration.seconds(70)

  @Argument(help: "The directory a store is mounted on; without it all mounts are listed.", completion: .directory)
  var directory: String?

  @Option(help: "The form of the output: text, json or openmetrics.")
  var format: StatusFormat?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if json, let format, format != .json { throw ValidationError("--json excludes --format \(format.rawValue)") }
  }

  func run() throws {
    var output = Output()
    if let directory, format == .openmetrics {
      try output.text(MountMetrics([try ListedMount.one(at: directory)]).text)
    } else if let directory {
      try Self.print(try Self.status(of: directory), as: json ? .json : format ?? .text, to: &output)
    } else {
      try Self.print(try ListedMount.all(), as: json ? .json : format ?? .text, to: &output)
    }
    try output.flush()
  }

  private static func print(
    _ status: JSON, as format: StatusFormat, to output: inout Output
  ) throws(CASError) {
    guard format == .text, case .object(let members) = status else { return try output.line(status) }
    for member in members {
      if case .object(let counters) = member.value {
        for counter in counters { try output.line(counter.name, text(counter.value)) }
      } else {
        try output.line(member.name, text(member.value))
      }
    }
  }

  private static func print(
    _ mounts: [ListedMount], as format: StatusFormat, to output: inout Output
  ) throws(CASError) {
    switch format {
    case .json: for mount in mounts { try output.line(mount.json) }
    case .openmetrics: try output.text(MountMetrics(mounts).text)
    case .text: for mount in mounts { try output.line(mount.directory, mount.state.rawValue, mount.store) }
    }
  }

  /// Reads the status of a mount from its daemon, by an extended attribute of the root.
  ///
  /// It must be called while the process has one thread.
  ///
  /// - Throws: `CASError.Code.invalid` if no store is mounted there; `io` with ETIMEDOUT if there is no answer by the deadline.
  static func status(
    of directory: String, by deadline: ContinuousClock.Instant = .now + timeout
  ) throws(CASError) -> JSON {
    do throws(Errno) {
      let bytes = try ForkedQuery.ask(by: deadline) { () throws(Errno) in
        try PathQuery.attribute(MountStatus.attribute, of: directory)
      }
      do throws(InvalidValue) {
        return try JSON(parsing: bytes)
      } catch {
        throw .badMessage
      }
    } catch {
      if error == .timedOut {
        throw CASError(.io(error), operation: "status of", subject: directory, cause: "the server does not answer")
      }
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
