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
  private let store: any FileBackedEngine
  private let uses: CacheUses
  /// Whose content is read and written.
  private let place: String
  private let limit: Int64
  /// How many bytes were added since it was last looked whether there are too many; `nil` before the first.
  private let added = Monitor<Int64?>(nil)

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
      guard let store = engine as? any FileBackedEngine, engine.isWritable else {
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

  /// Opens a blob that is here; `nil` when it is not. A copy that went bad is thrown away.
  func file(_ digest: Digest, _ purpose: Purpose) throws(CASError) -> BlobFile? {
    do throws(CASError) {
      return try store.blobFile(digest, cancellation: purpose.cancellation)
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
  func stage(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    try store.stageBlob(algorithm, copying: base)
  }

  /// Notes that so much was added, and makes room when that is too much.
  func noteAdded(_ size: Int64) {
    let mustLook = added.withLock { (added) in
      // What others add is seen when it is looked.
      let before = added ?? .max
      let isMuch = before > limit / 20 - size
      added = isMuch ? 0 : before + size
      return isMuch
    }
    if mustLook { try? makeRoom() }
  }

  /// Removes what was not used for the longest time, as long as there is too much. One process does that at a time.
  private func makeRoom() throws(CASError) {
    guard let lock = uses.lock("room") else { return }
    defer { withExtendedLifetime(lock) {} }
    var blobs: [(digest: Digest, size: Int64, used: Timestamp)] = []
    let marks = uses.all()
    try store.forEachBlob { (digest) throws(CASError) in
      guard let info = try? store.blobInfo(digest) else { return }
      blobs.append((digest, info.size, max(info.modified, marks[digest] ?? info.modified)))
    }
    // Files without content can be as long as numbers go.
    var total = blobs.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > limit else { return }
    blobs.sort { $0.used < $1.used }
    for blob in blobs where total > limit / 10 * 9 {
      try store.deleteBlob(blob.digest)
      uses.forget(blob.digest)
      total -= Int128(blob.size)
    }
  }

  /// Removes what killed writers left behind, and marks of what is gone.
  func clean(_ cancellation: CancellationToken) throws(CASError) -> Int {
    for (digest, _) in uses.all() where info(digest) == nil { uses.forget(digest) }
    return try store.clean(cancellation: cancellation)
  }

  /// Lets go of the store.
  func close() { store.close() }
}
