public import CAS
import FoundationEssentials
import OCI
import SystemPackage

/// Repositories of registries: `docker://HOST[:PORT]/REPOSITORY`, by the distribution specification of the OCI.
///
/// References are tags; blobs and manifests are read by digest, checked, and kept in a cache that all of a user's
/// processes share (`$XDG_CACHE_HOME/casfs`). What is put is complete in the cache before it is sent.
///
/// What cannot be done, or is done otherwise than in a directory:
/// - A reference is a tag, so its name has no `/` and no `:`; and it is of a manifest or an index that is stored, of
///   which the registry keeps media type, digest and size alone. Its digest is of `sha256`, else that is
///   `CASError.Code.notImplemented`.
/// - `deleteReference` and `moveReference` are `CASError.Code.notImplemented` where the registry cannot
///   delete a tag by its name, and so is `deleteBlob` where it cannot delete blobs; of a manifest it always is.
/// - A move is a put and a deletion. Of writers of one tag, exactly one wins among the processes of one user on one
///   machine; the protocol has no way to keep writers on other machines out.
/// - `listBlobs` lists what the tags reach. Garbage is the registry's to collect.
/// - A stored copy that is corrupt is found when it is read, and cannot be replaced.
public struct RegistryDriver: Driver {
  private let environment: [String: String]?
  private let cacheSize: Int64?
  private let requiresRepository: Bool

  /// Makes a driver.
  ///
  /// - Parameter environment: the variables that tell where credentials, certificates and the cache are; `nil` takes
  ///   those of the process.
  /// - Parameter cacheSize: the bound of the cache in bytes, about; `nil` takes the default.
  /// - Parameter requiresRepository: whether opening a repository that does not exist fails; else the first put
  ///   creates it.
  public init(environment: [String: String]? = nil, cacheSize: Int64? = nil, requiresRepository: Bool = false) {
    self.environment = environment
    self.cacheSize = cacheSize
    self.requiresRepository = requiresRepository
  }

  /// `docker`.
  public var name: String { "docker" }

  /// Whether the URI begins with `docker://`, or with `docker+http://`, which asks for plain HTTP.
  public func supports(_ uri: String) -> Bool { RegistryAddress.isAddress(uri) }

  /// Connects to the registry. The first put creates a repository that does not exist, unless the driver requires it.
  ///
  /// - Throws: `CASError.Code.invalid` when the URI names no repository; why the registry cannot be
  ///   reached, or does not let us in.
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
      configuration, for: address.repositoryName, sizeLimit: cacheSize, options.verification, context)
    let client = RegistryClient(address, environment: environment)
    try client.connect(context)
    if requiresRepository { try client.checkRepository(context) }
    return RegistryEngine(Repository(client, cache, options.verification), isWritable: !options.isReadOnly)
  }

  /// Opens a repository that has no tags yet: the first who puts something makes it.
  ///
  /// - Throws: `CASError.Code.clobber` when it has some.
  public func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
    let engine = try open(uri, options: options.open)
    guard try engine.referenceNames().isEmpty else {
      engine.close()
      throw CASError(.clobber, OperationContext("create store", on: uri), cause: "repository already exists")
    }
    return engine
  }
}
