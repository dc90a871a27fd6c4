public import CAS
import FoundationEssentials
import Logging
import OCI
import SystemPackage

/// A driver for repositories of registries, by the OCI distribution specification: `docker://HOST[:PORT]/REPOSITORY`.
///
/// References are tags. Blobs and manifests are downloaded by digest, verified, and stored in a cache that all
/// processes of a user share (`$XDG_CACHE_HOME/casfs`). New content is complete in the cache before it is uploaded.
///
/// A repository differs from a directory in these points:
/// - A reference is a tag, so its name has no `/` and no `:`. It refers to a stored manifest or index with a `sha256`
///   digest, else the put is `CASError.Code.notImplemented`. The registry keeps media type, digest and size only.
/// - `deleteReference` and `moveReference` are `CASError.Code.notImplemented` if the registry cannot delete a tag by
///   name. So is `deleteBlob` if it cannot delete blobs, and for every manifest.
/// - A move is a put and a deletion. Exactly one of several writers of a tag succeeds among the processes of one user
///   on one machine; the protocol cannot exclude writers on other machines.
/// - `listBlobs` lists the blobs that tags reach. Garbage collection is the registry's.
/// - A corrupt stored copy is found when it is read, and cannot be replaced.
public struct RegistryDriver: Driver {
  private let environment: [String: String]?
  private let cacheSize: Int64?
  private let requiresRepository: Bool
  /// Whether `open` leaves the registry alone, and the first request connects to it. A process that goes on with a mount of
  /// an earlier one must not depend on the registry: the content in the cache can be read without it.
  package var connectsOnUse = false
  /// The average wait before a request is repeated for the first time.
  var retryDelay = RetryPolicy.defaultDelay

  /// Creates a driver.
  ///
  /// - Parameter environment: the variables that locate credentials, certificates, `registries.conf` and the cache, and
  ///   name proxies; `nil` takes those of the process.
  /// - Parameter cacheSize: the approximate limit of the cache, in bytes; `nil` takes `CASFS_CACHE_SIZE`, or 8 GiB.
  /// - Parameter requiresRepository: whether opening a repository that does not exist fails. If not, the first put
  ///   creates it.
  public init(environment: [String: String]? = nil, cacheSize: Int64? = nil, requiresRepository: Bool = false) {
    self.environment = environment
    self.cacheSize = cacheSize
    self.requiresRepository = requiresRepository
  }

  /// `docker`.
  public var name: String { "docker" }

  /// Whether the URI begins with `docker://`, or with `docker+http://` for plain HTTP.
  public func supports(_ uri: String) -> Bool { RegistryAddress.isAddress(uri) }

  /// Connects to the registry, and opens the cache.
  ///
  /// - Throws: `CASError.Code.invalid` for a malformed URI or environment, `notFound` for a required repository that
  ///   does not exist, `io` with EACCES for rejected credentials, and with EIO if the registry is unreachable.
  public func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
    let context = OperationContext("open store", on: uri)
    let environment = environment ?? ProcessInfo.processInfo.environment
    let address: RegistryAddress
    let configuration: CacheConfiguration
    do throws(InvalidValue) {
      address = try RegistryAddress(uri)
      configuration = try CacheConfiguration(environment: environment)
    } catch {
      throw .invalid(context, error)
    }
    let cache = try BlobCache(
      configuration, for: address.repositoryName, sizeLimit: cacheSize, options, context)
    let way: RegistriesConfiguration.Way
    do throws(RegistryError) {
      way = try RegistriesConfiguration.load(environment: environment).way(to: address)
    } catch {
      throw CASError(error, context, address.repositoryName)
    }
    let sources = RepositorySources(way, environment: environment, retryDelay: retryDelay)
    if !connectsOnUse { try connect(to: sources, context) }
    return RegistryEngine(
      Repository(address, sources, cache, options.verification), isWritable: !options.isReadOnly)
  }

  private func connect(to sources: RepositorySources, _ context: OperationContext) throws(CASError) {
    let isRegistry = try sources.connect(context)
    guard requiresRepository else { return }
    let refusal = try sources.list(context) { (client) throws(CASError) in
      try client.checkRepository(isRegistry: isRegistry, context)
    }
    if let refusal { Logger(label: "casfs").warning("tags are found by name only: \(refusal)") }
  }

  /// Opens a repository without tags, which the first put creates.
  ///
  /// - Throws: `CASError.Code.clobber` if it has tags, and the codes of `open`.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    let engine = try open(uri, options: options.open)
    guard try engine.referenceNames().isEmpty else {
      engine.close()
      throw CASError(.clobber, OperationContext("create store", on: uri), cause: "repository already exists")
    }
    return engine
  }
}
