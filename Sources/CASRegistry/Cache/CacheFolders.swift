import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

/// The folders of the cache, opened.
struct CacheFolders: Sendable {
  /// What is read of a registry is hashed on its way in; what this verifies was here before.
  let store: DirectoryEngine
  let usage: CacheUsage
  private let root: OpenFile

  /// Opens them, and makes what is not there.
  ///
  /// - Throws: why they cannot be used.
  init(_ location: CacheLocation, _ verification: Verification, _ context: OperationContext) throws(CASError) {
    do throws(CASError) {
      usage = CacheUsage(try CacheFolder.open(location.metadata))
      let engine = try Self.store(location.store, OpenOptions(verification: verification))
      guard let store = engine as? DirectoryEngine, engine.isWritable else {
        throw CASError(.io(.permissionDenied), context.on(location.store), cause: "it cannot be written")
      }
      self.store = store
      root = try mappingErrno(context.on(location.store)) { () throws(Errno) in
        try OpenFile.open(path: location.store, [.readOnly, .directory])
      }
    } catch {
      throw CASError(error.code, context.on(location.store), cause: "the cache cannot be used: \(error.cause)")
    }
  }

  private static func store(_ path: String, _ options: OpenOptions) throws(CASError) -> any Engine {
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
      // Another was faster.
      guard error.code == .clobber else { throw error }
      engine = try driver.open("dir:\(path)", options: options)
    }
    // What a registry gives to one who says a password is nobody else's.
    _ = try CacheFolder.open(path)
    return engine
  }

  /// Moves what cannot be removed from the place of a blob: a directory.
  func quarantine(_ digest: Digest) {
    let folder = try? root.openBeneath("blobs/\(digest.algorithm.rawValue)", [.readOnly, .directory])
    let name = "foreign-\(digest.hex)-" + String(UInt64.random(in: .min ... .max), radix: 16)
    try? folder?.rename(digest.hex, to: name, in: usage.folder)
  }

  /// Whether somebody has removed one of them.
  var isGone: Bool { [root, usage.folder].contains { (try? $0.status().links) == 0 } }
}
