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
  private let location: CacheLocation
  private let verification: Verification
  private let opened: Monitor<CacheFolders>
  let limit: Int64
  let eviction = Monitor(Eviction())

  /// Opens the store, and makes it if it is not there.
  ///
  /// - Parameter place: the repository whose content is read and written.
  /// - Parameter limit: how many bytes are kept, if that was said.
  /// - Throws: why it cannot be used.
  init(
    _ location: CacheLocation, for repositoryName: String, limit: Int64?, _ verification: Verification,
    _ context: OperationContext
  ) throws(CASError) {
    self.repositoryName = repositoryName
    self.location = location
    self.verification = verification
    self.limit = max(limit ?? location.limit, 0)
    let folders = try CacheFolders(location, verification, context)
    opened = Monitor(folders)
    prepare(folders)
  }

  private func prepare(_ folders: CacheFolders) {
    folders.store.onDiskFull { [weak self] in self?.evictForFullDisk() ?? false }
  }

  /// The folders; made anew when somebody has removed them.
  func folders() throws(CASError) -> CacheFolders {
    let known = opened.withLock(notifying: .none) { $0 }
    guard known.isGone else { return known }
    let new = try CacheFolders(location, verification, OperationContext("open cache", on: location.store))
    prepare(new)
    return opened.withLock(notifying: .none) { (opened) in
      if opened.isGone { opened = new }
      return opened
    }
  }

  /// The folder beside the store.
  var metadata: OpenFile { ((try? folders()) ?? opened.withLock(notifying: .none) { $0 }).usage.folder }

  /// Whether the files are on a file system that lies on another.
  var isOnStackedFileSystem: Bool { (try? folders().store.isOnStackedFileSystem) ?? false }

  /// What is known of the copy here, if there is one.
  func info(_ digest: Digest) -> BlobInfo? { try? folders().store.blobInfo(digest) }

  /// What is known of an opened blob now.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo { try folders().store.info(of: file) }

  /// Whether the copy here would not have to be hashed.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    (try? folders().store.isProbablyVerified(digest, version: version)) ?? false
  }

  /// What is known of a copy here that the repository was seen to have.
  func ownInfo(_ digest: Digest) -> BlobInfo? {
    (try? folders().usage.has(digest, in: repositoryName)) == true ? info(digest) : nil
  }

  /// Notes that the repository has a blob, which is used.
  func note(_ digest: Digest) { try? folders().usage.note(digest, in: repositoryName) }

  /// Opens a blob that is here; `nil` when it is not. As long as the file is open the blob stays. A copy that went bad
  /// is thrown away.
  func file(_ digest: Digest, _ context: OperationContext) throws(CASError) -> BlobFile? {
    let store = try folders().store
    do throws(CASError) {
      // To hash it may take long.
      let held = store.isProbablyVerified(digest) ? nil : try store.uncheckedFile(digest)
      defer { withExtendedLifetime(held) {} }
      if let held { pin(held) }
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
    guard let folders = try? folders() else { return }
    do throws(CASError) {
      try folders.store.deleteBlob(digest)
    } catch {
      folders.quarantine(digest)
    }
  }

  /// Starts a blob.
  func stage(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any FileBackedStage {
    let store = try folders().store
    guard let stage = try store.stageBlob(algorithm: algorithm, copying: base) as? any FileBackedStage else {
      throw CASError(.notImplemented, operation: "put blob", subject: store.uri, cause: "it keeps content in no files")
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
    let folders = try folders()
    for (digest, _) in folders.usage.all() where info(digest) == nil { folders.usage.forget(digest) }
    return try folders.store.clean(cancellation: cancellation)
  }

  /// Lets go of the store.
  func close() {
    endMakingRoom()
    opened.withLock { $0 }.store.close()
  }
}
