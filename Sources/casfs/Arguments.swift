import ArgumentParser
import CAS
import CASArchive
import CASDirectory
import CASMemory
import CASRegistry
import Logging
import OCI

/// The store a command works on.
struct StoreArgument: ParsableArguments {
  @Argument(help: "The store: PATH, dir:PATH, oci-archive:FILE or docker://HOST/REPOSITORY.", completion: .directory)
  var store: String

  /// The drivers of all kinds of store; the first that supports an argument opens it.
  static func drivers(
    directory: DirectoryDriver = DirectoryDriver(), registry: RegistryDriver = RegistryDriver()
  ) -> DriverRegistry {
    DriverRegistry([directory, ArchiveDriver(), registry, MemoryDriver()])
  }

  /// Opens the store to change it.
  func open() throws(CASError) -> any Engine {
    quieten()
    return try Self.drivers().open(store)
  }

  /// Opens the store to look at it.
  func openReadOnly() throws(CASError) -> any Engine {
    quieten()
    return try Self.drivers().open(store, options: OpenOptions(isReadOnly: true))
  }

  /// What the store logs is also the error that the command fails with, and that is told in its own one line.
  private func quieten() {
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
  }
}

/// Takes an argument for a digest.
func parseDigest(_ argument: String) throws -> Digest {
  try Digest(argument)
}

/// Takes an argument for the name of a reference there may be.
func parseKnownName(_ argument: String) throws -> ReferenceName {
  try ReferenceName(reading: argument)
}

/// Takes an argument for the name of a new reference.
func parseNewName(_ argument: String) throws -> ReferenceName {
  try ReferenceName(argument)
}

/// Takes an argument for a length of time: a whole number and a unit; 0 needs none.
func parseTime(_ argument: String) throws -> Duration {
  let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
  if argument.sameBytes(as: "0") { return .zero }
  guard let unit = argument.last.flatMap({ units[$0] }), argument.utf8.first.map({ 0x30...0x39 ~= $0 }) == true,
    let count = Int64(argument.dropLast()), case let (seconds, overflows) = count.multipliedReportingOverflow(by: unit),
    !overflows
  else {
    throw InvalidValue("a time is a number with one of the units s, m, h, d and w, or 0")
  }
  return .seconds(seconds)
}

/// A blob, by its digest or by a reference to it.
enum BlobSelector {
  case digest(Digest)
  case reference(ReferenceName)

  /// Takes what begins like a digest for one, so that a digest with a slip in it is not sought among the names.
  static func parse(_ argument: String) throws -> BlobSelector {
    let algorithms = Digest.Algorithm.allCases
    if algorithms.contains(where: { argument.utf8.starts(with: "\($0.rawValue):".utf8) }) {
      return .digest(try Digest(argument))
    }
    return .reference(try ReferenceName(reading: argument))
  }

  /// The digest, for a reference that of its descriptor.
  func digest(in engine: any Engine) throws(CASError) -> Digest {
    switch self {
    case .digest(let digest): digest
    case .reference(let name): try engine.reference(named: name).digest
    }
  }
}
