import CAS
import CASDirectory
import CASPlatform
import OCI
import SystemPackage

/// The folders of the cache, opened.
struct OpenedCache: Sendable {
  /// What is read of a registry is hashed on its way in; what this verifies was here before.
  let store: DirectoryEngine
  let usage: CacheUsage
  private let root: OpenFile

  /// Opens them, and makes what is not there.
  ///
  /// - Throws: why they cannot be used.
  init(_ configuration: CacheConfiguration, _ verification: Verification, _ context: OperationContext) throws(CASError)
  {
    do throws(CASError) {
      usage = CacheUsage(try PrivateDirectory.open(configuration.metadataPath))
      let engine = try Self.openStore(configuration.storePath, OpenOptions(verification: verification))
      guard let store = engine as? DirectoryEngine, engine.isWritable else {
        throw CASError(.io(.permissionDenied), context.on(configuration.storePath), cause: "not writable")
      }
      self.store = store
      root = try mappingErrno(context.on(configuration.storePath)) { () throws(Errno) in
        try OpenFile.open(path: configuration.storePath, [.readOnly, .directory])
      }
    } catch {
      throw CASError(error.code, context.on(configuration.storePath), cause: "unusable cache: \(error.cause)")
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
      // Another was faster.
      guard error.code == .clobber else { throw error }
      engine = try driver.open("dir:\(path)", options: options)
    }
    // What a registry gives to one who says a password is nobody else's.
    _ = try PrivateDirectory.open(path)
    return engine
  }

  /// Moves what cannot be removed from the place of a blob: a directory.
  func quarantine(_ digest: Digest) {
    let directory = try? root.openBeneath("blobs/\(digest.algorithm.rawValue)", [.readOnly, .directory])
    let name = "foreign-\(digest.hex)-" + String(UInt64.random(in: .min ... .max), radix: 16)
    try? directory?.rename(digest.hex, to: name, in: usage.directory)
  }

  /// Whether somebody has removed one of them.
  var isRemoved: Bool { [root, usage.directory].contains { (try? $0.status().links) == 0 } }
}
