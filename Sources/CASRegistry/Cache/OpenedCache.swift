import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

/// The open directories of the cache: the store, and the usage records beside it.
struct OpenedCache: Sendable {
  /// The blobs. Downloads are hashed as they arrive, so this store verifies only copies of earlier processes.
  let store: DirectoryEngine
  let usage: CacheUsage
  private let root: OpenFile

  /// The space in bytes without which an empty store counts as one that cannot be written.
  private static let leastSpace: UInt64 = 1 << 20

  /// Opens the directories, and creates missing ones.
  ///
  /// - Throws: the code of the error that makes them unusable; EACCES for a read-only store.
  init(_ place: CachePlace, _ options: OpenOptions, _ context: OperationContext) throws(CASError) {
    do throws(CASError) {
      usage = CacheUsage(try PrivateDirectory.open(place.metadataPath))
      let engine = try Self.openStore(place.storePath, options)
      guard let store = engine as? DirectoryEngine, engine.isWritable else {
        throw CASError(.io(.permissionDenied), context.on(place.storePath), cause: "not writable")
      }
      guard try Self.hasSpace(store) else {
        throw CASError(Errno.noSpace, context.on(place.storePath))
      }
      self.store = store
      root = try mappingErrno(context.on(place.storePath)) { () throws(Errno) in
        try OpenFile.open(path: place.storePath, [.readOnly, .directory])
      }
    } catch {
      throw CASError(error.code, context.on(place.storePath), cause: "unusable cache: \(error.cause)")
    }
  }

  private static func openStore(_ path: String, _ options: OpenOptions) throws(CASError) -> any Engine {
    let driver = DirectoryDriver()
    do throws(CASError) {
      return try driver.open("dir:\(path)", options: options)
    } catch {
      guard error.code == .notFound else { throw error }
    }
    let engine: any Engine
    do throws(CASError) {
      engine = try driver.create("dir:\(path)", options: CreateOptions(open: options))
    } catch {
      // Another process created it concurrently.
      guard error.code == .clobber else { throw error }
      engine = try driver.open("dir:\(path)", options: options)
    }
    // Other users must not read content that credentials of this user gave access to.
    _ = try PrivateDirectory.open(path)
    return engine
  }

  /// Whether a store can take content: there is space, or a blob whose eviction makes some.
  private static func hasSpace(_ store: DirectoryEngine) throws(CASError) -> Bool {
    let space = try store.space()
    // Some file systems report no size.
    if space.blocks == 0 || space.availableBlocks * space.blockSize >= leastSpace { return true }
    return try !store.listBlobs().nextBatch().isEmpty
  }

  /// Moves a foreign entry that cannot be unlinked, such as a directory, from the path of a blob out of the store.
  func quarantine(_ digest: Digest) {
    let directory = try? root.openBeneath("blobs/\(digest.algorithm.rawValue)", [.readOnly, .directory])
    let name = "foreign-\(digest.hex)-" + String(UInt64.random(in: .min ... .max), radix: 16)
    try? directory?.rename(digest.hex, to: name, in: usage.directory)
  }

  /// Whether one of the directories was removed: no link is left.
  var isRemoved: Bool { [root, usage.directory].contains { (try? $0.status().links) == 0 } }
}
