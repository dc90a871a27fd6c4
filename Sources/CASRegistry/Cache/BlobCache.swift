import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

/// An LRU disk cache of registry content: a directory store that all mounts and commands of a user share.
///
/// Blobs are shared by all repositories, but `CacheUsage` records which repository each was seen in, because access to
/// one repository does not grant access to another.
final class BlobCache: Sendable {
  /// The repository that content is read and recorded for.
  private let repositoryName: String
  private let place: CachePlace
  private let options: OpenOptions
  private let opened: Monitor<OpenedCache>
  let eviction = Monitor(Eviction())

  /// Opens the cache, and creates it if it does not exist. A temporary one stands in for a cache that cannot be written,
  /// with a warning.
  ///
  /// - Parameter repositoryName: the repository that content is read and recorded for.
  /// - Parameter sizeLimit: overrides the configured limit, in bytes.
  /// - Throws: the code of the error that makes the cache unusable.
  init(
    _ configuration: CacheConfiguration, for repositoryName: String, sizeLimit: Int64?, _ options: OpenOptions,
    _ context: OperationContext
  ) throws(CASError) {
    self.repositoryName = repositoryName
    // The cache of a read-only store is written.
    self.options = OpenOptions(verification: options.verification, recordPath: options.recordPath)
    let cache: OpenedCache
    (place, cache) = try Self.open(configuration, sizeLimit, self.options, context)
    opened = Monitor(cache)
    prepare(cache)
  }

  private static func open(
    _ configuration: CacheConfiguration, _ sizeLimit: Int64?, _ options: OpenOptions, _ context: OperationContext
  ) throws(CASError) -> (CachePlace, OpenedCache) {
    var failure = CASError(
      .invalid, context, cause: "unusable cache: XDG_CACHE_HOME and HOME are not absolute paths")
    if let place = configuration.userPlace(sizeLimit: sizeLimit) {
      do throws(CASError) {
        return (place, try OpenedCache(place, options, context))
      } catch {
        failure = error
      }
    }
    for place in configuration.temporaryPlaces(sizeLimit: sizeLimit) {
      guard let cache = try? OpenedCache(place, options, context) else { continue }
      OneTimeWarning.log("\(failure.cause); content is cached in \(place.storePath)")
      return (place, cache)
    }
    throw failure
  }

  /// The size above which blobs are evicted, in bytes.
  var sizeLimit: Int64 { place.sizeLimit }

  private func prepare(_ cache: OpenedCache) {
    cache.store.onDiskFull { [weak self] in self?.evictForFullDisk() ?? false }
  }

  /// The open cache; created again if another process or the user removed its directories.
  func openedCache() throws(CASError) -> OpenedCache {
    let known = opened.withLock(notifying: .none) { $0 }
    guard known.isRemoved else { return known }
    let new = try OpenedCache(place, options, OperationContext("open cache", on: place.storePath))
    prepare(new)
    return opened.withLock(notifying: .none) { (opened) in
      if opened.isRemoved { opened = new }
      return opened
    }
  }

  /// The directory beside the store, for usage records and locks.
  var metadataDirectory: OpenFile { ((try? openedCache()) ?? opened.withLock(notifying: .none) { $0 }).usage.directory }

  /// Whether the files are on a stacked file system, such as overlayfs.
  var isOnStackedFileSystem: Bool { (try? openedCache().store.isOnStackedFileSystem) ?? false }

  /// Size and version of the cached copy; `nil` if there is no copy.
  func info(_ digest: Digest) -> BlobInfo? { try? openedCache().store.blobInfo(digest) }

  /// Size and version now of a copy that is open.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo { try openedCache().store.info(of: file) }

  /// Whether opening the cached copy would not hash it.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    (try? openedCache().store.isProbablyVerified(digest, version: version)) ?? false
  }

  /// Like ``info(_:)``, but `nil` unless this repository was seen to have the blob.
  func infoIfSeenInRepository(_ digest: Digest) -> BlobInfo? {
    (try? openedCache().usage.wasSeen(digest, in: repositoryName)) == true ? info(digest) : nil
  }

  /// Records that the repository has the blob, and that it was used now.
  func recordUse(of digest: Digest) { try? openedCache().usage.recordUse(of: digest, in: repositoryName) }

  /// Opens a cached copy, pinned; `nil` if there is no copy. A damaged copy is discarded, and counts as absent.
  ///
  /// - Throws: `CASError.Code.cancelled`, and `io` for errors other than EIO.
  func file(_ digest: Digest, _ context: OperationContext) throws(CASError) -> BlobFile? {
    let store = try openedCache().store
    do throws(CASError) {
      // Pinned before it is hashed, which can take long enough for an eviction.
      let pinned = store.isProbablyVerified(digest) ? nil : try store.uncheckedFile(digest)
      defer { withExtendedLifetime(pinned) {} }
      if let pinned { pin(pinned) }
      let blob = try store.blobFile(digest, cancellation: context.cancellation)
      if let blob { pin(blob.file) }
      return blob
    } catch {
      switch error.code {
      case .notFound: return nil
      case .corrupt, .invalid, .io(.ioError):
        discard(digest)
        return nil
      default: throw error.during(context)
      }
    }
  }

  /// Removes the file at the path of a blob; anything that cannot be removed there, such as a directory, is moved
  /// aside.
  func discard(_ digest: Digest) {
    guard let cache = try? openedCache() else { return }
    do throws(CASError) {
      try cache.store.deleteBlob(digest)
    } catch {
      cache.quarantine(digest)
    }
  }

  /// Creates a stage for new content.
  func stage(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any FileBackedStage {
    try fileBacked { (store) throws(CASError) in try store.stageBlob(algorithm: algorithm, copying: base) }
  }

  /// Goes on with a stage of the program before.
  func resumeStage(_ content: StagedContent) throws(CASError) -> any FileBackedStage {
    try fileBacked { (store) throws(CASError) in try store.resumeStage(content) }
  }

  private func fileBacked(
    _ make: (DirectoryEngine) throws(CASError) -> any BlobStage
  ) throws(CASError) -> any FileBackedStage {
    let store = try openedCache().store
    guard let stage = try make(store) as? any FileBackedStage else {
      throw CASError(
        .notImplemented, operation: "put blob", subject: store.uri, cause: "cache store is not file-backed")
    }
    return stage
  }

  /// Protects the blob that a stage becomes from eviction: `flock(2)` with `LOCK_SH`.
  ///
  /// - Returns: the file, whose lock lasts until it is closed.
  func pin(_ stage: any FileBackedStage) -> OpenFile? {
    let file = stage.file
    if let file { pin(file) }
    return file
  }

  private func pin(_ file: OpenFile) {
    // On file systems without locks the blob can be evicted; an open descriptor still reads it.
    _ = try? file.tryLock(.shared)
  }

  /// Removes files that killed writers left behind, and usage records without a blob.
  ///
  /// - Returns: the number of files removed.
  func clean(_ cancellation: CancellationToken) throws(CASError) -> Int {
    let cache = try openedCache()
    for (digest, _) in cache.usage.lastUses() where info(digest) == nil { cache.usage.forget(digest) }
    return try cache.store.clean(cancellation: cancellation)
  }

  /// Closes the store, after an eviction that is still due.
  func close() {
    finishEviction()
    opened.withLock { $0 }.store.close()
  }
}
