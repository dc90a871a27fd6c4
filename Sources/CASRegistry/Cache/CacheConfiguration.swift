import CAS
import CASPlatform
import OCI
import SystemPackage

/// Paths and size limit of a user's cache, from environment variables (XDG Base Directory Specification).
struct CacheConfiguration: Sendable {
  /// The variable with the size limit, in bytes or with a unit.
  static let sizeVariable = "CASFS_CACHE_SIZE"
  private static let defaultSizeLimit: Int64 = 8 << 30

  /// The largest limit of a temporary cache, in bytes, because it may be in memory.
  private static let temporarySizeLimit: Int64 = 256 << 20

  /// The store: `$XDG_CACHE_HOME/casfs`, or `~/.cache/casfs`; `nil` if no variable has an absolute path.
  let storePath: String?
  /// The size above which blobs are evicted, in bytes.
  let sizeLimit: Int64
  /// The directories for a cache in place of one that cannot be written, by descending precedence.
  let temporaryDirectories: [String]

  /// Reads the variables.
  ///
  /// - Throws: `InvalidValue` if the size is malformed.
  init(environment: [String: String]) throws(InvalidValue) {
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      storePath = "\(path)/casfs"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      storePath = "\(home)/.cache/casfs"
    } else {
      // During boot the system mounts without a home directory.
      storePath = CurrentProcess.effectiveUserID == 0 ? "/var/cache/casfs" : nil
    }
    let variable = environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? [$0] : nil } ?? []
    temporaryDirectories = variable + ["/var/tmp", "/tmp", "/dev/shm"]
    guard let text = environment[Self.sizeVariable], !text.isEmpty else {
      sizeLimit = Self.defaultSizeLimit
      return
    }
    guard let size = Int64(byteCount: text) else {
      throw InvalidValue("invalid \(Self.sizeVariable), not a size such as 500M: \(text)")
    }
    sizeLimit = size
  }

  /// The place of the user's cache.
  ///
  /// - Parameter sizeLimit: overrides the configured limit, in bytes.
  func userPlace(sizeLimit: Int64?) -> CachePlace? {
    storePath.map { CachePlace(storePath: $0, sizeLimit: max(sizeLimit ?? self.sizeLimit, 0)) }
  }

  /// The places of caches for a user whose own cache cannot be written: private directories, which the user's processes
  /// share, and of which each is created when it is asked for.
  func temporaryPlaces(sizeLimit: Int64?) -> some Sequence<CachePlace> {
    let limit = min(max(sizeLimit ?? self.sizeLimit, 0), Self.temporarySizeLimit)
    return temporaryDirectories.lazy.compactMap { parent in
      PrivateDirectory.ownDirectory("casfs-cache-\(CurrentProcess.effectiveUserID)", in: parent).map { path in
        CachePlace(storePath: "\(path)/casfs", sizeLimit: limit)
      }
    }
  }
}

/// The place and the size of a cache.
struct CachePlace: Hashable, Sendable {
  /// The directory of the store.
  let storePath: String
  /// The size above which blobs are evicted, in bytes.
  let sizeLimit: Int64

  /// The directory beside it, for usage records and locks. The name is part of the cache's format.
  var metadataPath: String { storePath + "-notes" }
}
