import ArgumentParser
import CAS
import CASArchive
import CASDirectory
import CASImage
import CASMemory
import CASRegistry
import FoundationEssentials
import OCI

/// The store argument of a command.
struct StoreArgument: ParsableArguments {
  @Argument(
    help: "The store: PATH, dir:PATH, oci-archive:FILE, docker-archive:FILE or docker://HOST/REPOSITORY.",
    completion: .directory)
  var store: String

  func validate() throws {
    try ForeignStoreName.check(store)
  }

  /// Returns the drivers of all kinds of store. The first that supports the argument opens it.
  static func drivers(
    directory: DirectoryDriver = DirectoryDriver(), registry: RegistryDriver = RegistryDriver(),
    layerCache: @escaping @Sendable () -> LayerCache? = { Self.layerCache() }
  ) -> DriverRegistry {
    DriverRegistry([
      directory, ArchiveDriver(.imageLayout, cache: layerCache), ArchiveDriver(.docker, cache: layerCache), registry,
      MemoryDriver(),
    ])
  }

  /// This user's cache for the indexes of layers and of compressed archives; `nil` if there is none.
  static func layerCache(sizeLimit: Int64 = LayerCache.defaultSizeLimit) -> LayerCache? {
    LayerCache.ofUser(environment: ProcessInfo.processInfo.environment, sizeLimit: sizeLimit)
  }

  /// The file of this user's record of verified states; `nil` if the user has no home directory.
  static var recordPath: String? { VerificationRecord.userPath(environment: ProcessInfo.processInfo.environment) }

  /// Opens the store for reading and writing.
  func open() throws(CASError) -> any Engine {
    CommandLog.start()
    return try Self.drivers().open(store)
  }

  /// Opens the store for reading only.
  func openReadOnly(_ links: LinkOptions? = nil) throws(CASError) -> any Engine {
    CommandLog.start()
    return try Self.drivers(directory: links?.driver ?? DirectoryDriver()).open(
      store, options: OpenOptions(isReadOnly: true, recordPath: Self.recordPath))
  }
}

/// Parses a digest.
func parseDigest(_ argument: String) throws -> Digest {
  try Digest(argument)
}

/// Parses the name of an existing reference, which other tools may have created.
func parseKnownName(_ argument: String) throws -> ReferenceName {
  try ReferenceName(reading: argument)
}

/// Parses the name of a new reference.
func parseNewName(_ argument: String) throws -> ReferenceName {
  try ReferenceName(argument)
}

/// Parses a duration: a whole number and a unit, or 0.
func parseTime(_ argument: String) throws -> Duration {
  let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
  if argument.sameBytes(as: "0") { return .zero }
  guard let unit = argument.last.flatMap({ units[$0] }), argument.utf8.first.map({ 0x30...0x39 ~= $0 }) == true,
    argument.utf8.dropLast().allSatisfy({ 0x30...0x39 ~= $0 })
  else {
    throw InvalidValue("a time is a number with one of the units s, m, h, d and w, or 0")
  }
  guard let count = Int64(argument.dropLast()),
    case let (seconds, overflows) = count.multipliedReportingOverflow(by: unit), !overflows
  else {
    throw InvalidValue("the time is longer than \(Int64.max / 604_800)w")
  }
  return .seconds(seconds)
}
