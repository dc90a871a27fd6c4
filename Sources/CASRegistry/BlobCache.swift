internal import CAS
internal import CASDirectory
internal import CASFiles
internal import Logging
internal import OCI
internal import Platform
internal import SystemPackage

/// Content of registries on this machine: a directory store that all of a user's mounts and commands share. What was
/// not used for the longest time goes when there is more than its limit.
final class BlobCache: Sendable {
  /// What is read of a registry is hashed on its way in; this is for what was here before.
  let store: DirectoryEngine
  let uses: CacheUses
  /// Whose content is read and written.
  private let place: String
  let limit: Int64
  let room = Monitor(Room())

  /// Opens the store, and makes it if it is not there.
  ///
  /// - Parameter place: the repository whose content is read and written.
  /// - Parameter limit: how many bytes are kept, if that was said.
  /// - Throws: why it cannot be used.
  init(
    _ location: CacheLocation, for place: String, limit: Int64?, _ verification: Verification, _ operation: String
  ) throws(CASError) {
    self.place = place
    self.limit = max(limit ?? location.limit, 0)
    do throws(CASError) {
      let notes = try CacheFolder.open(location.notes)
      uses = CacheUses(notes)
      let driver = DirectoryDriver()
      let options = OpenOptions(verification: verification)
      let engine: any Engine
      do throws(CASError) {
        engine = try driver.open("dir:\(location.store)", options: options)
      } catch {
        guard error.code == .notFound else { throw error }
        engine = try Self.create(driver, location.store, options)
      }
      guard let store = engine as? DirectoryEngine, engine.isWritable else {
        throw CASError(.io(.permissionDenied), operation, location.store, cause: "it cannot be written")
      }
      self.store = store
    } catch {
      throw CASError(error.code, operation, location.store, cause: "the cache cannot be used: \(error.cause)")
    }
  }

  private static func create(
    _ driver: DirectoryDriver, _ path: String, _ options: OpenOptions
  ) throws(CASError) -> any Engine {
    let engine: any Engine
    do throws(CASError) {
      engine = try driver.create("dir:\(path)", options: CreateOptions(open: options))
    } catch {
      // Another was faster.
      guard error.code == .clobber else { throw error }
      engine = try driver.open("dir:\(path)", options: options)
    }
    // What a registry gives to one who says a password is nobody else's.
    _ = try CacheFolder.open(path)
    return engine
  }

  /// The folder beside the store.
  var notes: OpenFile { uses.folder }

  /// Whether the files are on a file system that lies on another.
  var isStacked: Bool { store.isStacked }

  /// What is known of the copy here, if there is one.
  func info(_ digest: Digest) -> BlobInfo? { try? store.blobInfo(digest) }

  /// What is known of an opened blob now.
  func info(of file: BlobFile) throws(CASError) -> BlobInfo { try store.info(of: file) }

  /// Whether the copy here would not have to be hashed.
  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    store.isProbablyVerified(digest, version: version)
  }

  /// What is known of a copy here that the repository was seen to have.
  func ownInfo(_ digest: Digest) -> BlobInfo? { uses.has(digest, in: place) ? info(digest) : nil }

  /// Notes that the repository has a blob, which is used.
  func note(_ digest: Digest) { uses.note(digest, in: place) }

  /// Opens a blob that is here; `nil` when it is not. As long as the file is open the blob stays. A copy that went bad
  /// is thrown away.
  func file(_ digest: Digest, _ purpose: Purpose) throws(CASError) -> BlobFile? {
    do throws(CASError) {
      // To hash it may take long.
      let held = isProbablyVerified(digest, version: nil) ? nil : try store.uncheckedFile(digest)
      defer { withExtendedLifetime(held) {} }
      if let held { hold(held) }
      let blob = try store.blobFile(digest, cancellation: purpose.cancellation)
      if let blob { hold(blob.file) }
      return blob
    } catch {
      switch error.code {
      case .notFound: return nil
      case .corrupt, .invalid, .io(.ioError):
        try? store.deleteBlob(digest)
        return nil
      default: throw error.during(purpose.operation, purpose.subject)
      }
    }
  }

  /// Starts a blob.
  func stage(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any FileBackedStage {
    guard let stage = try store.stageBlob(algorithm, copying: base) as? any FileBackedStage else {
      throw CASError(.notImplemented, "put blob", store.uri, cause: "it keeps content in no files")
    }
    return stage
  }

  /// Keeps the blob that is made of a stage from going before it can be opened.
  ///
  /// - Returns: what keeps it.
  func hold(_ stage: any FileBackedStage) -> OpenFile? {
    let file = stage.file
    if let file { hold(file) }
    return file
  }

  private func hold(_ file: OpenFile) {
    // Without locks, what goes is still there for who has it open.
    _ = try? file.tryLock(.shared)
  }

  /// Removes what killed writers left behind, and marks of what is gone.
  func clean(_ cancellation: CancellationToken) throws(CASError) -> Int {
    for (digest, _) in uses.all() where info(digest) == nil { uses.forget(digest) }
    return try store.clean(cancellation: cancellation)
  }

  /// Lets go of the store.
  func close() {
    endMakingRoom()
    store.close()
  }
}
