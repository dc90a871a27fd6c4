import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

/// Content of registries on this machine: a directory store that all of a user's mounts and commands share. What was
/// not used for the longest time goes when there is more than its limit.
final class BlobCache: Sendable {
  /// Whose content is read and written.
  private let repositoryName: String
  private let configuration: CacheConfiguration
  private let verification: Verification
  private let opened: Monitor<OpenedCache>
  let sizeLimit: Int64
  let eviction = Monitor(Eviction())

  /// Opens the store, and makes it if it is not there.
  ///
  /// - Parameter place: the repository whose content is read and written.
  /// - Parameter limit: how many bytes are kept, if that was said.
  /// - Throws: why it cannot be used.
  init(
    _ configuration: CacheConfiguration, for repositoryName: String, sizeLimit: Int64?, _ verification: Verification,
    _ context: OperationContext
  ) throws(CASError) {
    self.repositoryName = repositoryName
    self.configuration = configuration
    self.verification = verification
    self.sizeLimit = max(sizeLimit ?? configuration.sizeLimit, 0)
    let cache = try OpenedCache(configuration, verification, context)
    opened = Monitor(cache)
    prepare(cache)
  }

  private func prepare(_ cache: OpenedCache) {
    cache.store.onDiskFull { [weak self] in self?.evictForFullDisk() ?? false }
  }

  /// The cache; made anew when somebody has removed them.
  func openedCache() throws(CASError) -> OpenedCache {
    let known = opened.withLock(notifying: .none) { $0 }
    guard known.isRemoved else { return known }
    let new = try OpenedCache(configuration, verification, OperationContext("open cache", on: configuration.storePath))
    prepare(new)
    return opened.withLock(notifying: .none) { (opened) in
      if opened.isRemoved { opened = new }
      return opened
    }
  }

  /// The folder beside the store.
  var metadataDirectory: OpenFile { ((try? openedCache()) ?? opened.withLock(notifying: .none) { $0 }).usage.directory }

  /// Whether the files are on a file system that lies on another.
  var isOnStackedFileSystem: Bool { (try? openedCache().store.isOnStackedFileSystem) ?? false }

  /// What is known of the copy here, if there is one.
  func info(_ digest: Digest) -> BlobInfo? { try? openedCache().store.blobInfo(digest) }

  /// What is known of an opened blob now.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo { try openedCache().store.info(of: file) }

  /// Whether the copy here would not have to be hashed.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    (try? openedCache().store.isProbablyVerified(digest, version: version)) ?? false
  }

  /// What is known of a copy here that the repository was seen to have.
  func infoIfSeenInRepository(_ digest: Digest) -> BlobInfo? {
    (try? openedCache().usage.wasSeen(digest, in: repositoryName)) == true ? info(digest) : nil
  }

  /// Notes that the repository has a blob, which is used.
  func recordUse(of digest: Digest) { try? openedCache().usage.recordUse(of: digest, in: repositoryName) }

  /// Opens a blob that is here; `nil` when it is not. As long as the file is open the blob stays. A copy that went bad
  /// is thrown away.
  func file(_ digest: Digest, _ context: OperationContext) throws(CASError) -> BlobFile? {
    let store = try openedCache().store
    do throws(CASError) {
      // To hash it may take long.
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

  /// Removes what is in the place of a blob, whatever it is.
  func discard(_ digest: Digest) {
    guard let cache = try? openedCache() else { return }
    do throws(CASError) {
      try cache.store.deleteBlob(digest)
    } catch {
      cache.quarantine(digest)
    }
  }

  /// Starts a blob.
  func stage(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any FileBackedStage {
    let store = try openedCache().store
    guard let stage = try store.stageBlob(algorithm: algorithm, copying: base) as? any FileBackedStage else {
      throw CASError(
        .notImplemented, operation: "put blob", subject: store.uri, cause: "cache store is not file-backed")
    }
    return stage
  }

  /// Keeps the blob that is made of a stage from going before it can be opened.
  ///
  /// - Returns: what keeps it.
  func pin(_ stage: any FileBackedStage) -> OpenFile? {
    let file = stage.file
    if let file { pin(file) }
    return file
  }

  private func pin(_ file: OpenFile) {
    // Without locks, what goes is still there for who has it open.
    _ = try? file.tryLock(.shared)
  }

  /// Removes what killed writers left behind, and marks of what is gone.
  func clean(_ cancellation: CancellationToken) throws(CASError) -> Int {
    let cache = try openedCache()
    for (digest, _) in cache.usage.lastUses() where info(digest) == nil { cache.usage.forget(digest) }
    return try cache.store.clean(cancellation: cancellation)
  }

  /// Lets go of the store.
  func close() {
    finishEviction()
    opened.withLock { $0 }.store.close()
  }
}
