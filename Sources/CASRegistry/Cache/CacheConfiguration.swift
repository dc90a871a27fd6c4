import CAS
import CASPlatform
import OCI
import SystemPackage

/// Paths and size limit of a user's cache, from environment variables (XDG Base Directory Specification).
struct CacheConfiguration: Sendable {
  /// The variable with the size limit, in bytes or with a unit.
  static let sizeVariable = "CASFS_CACHE_SIZE"
  private static let defaultSizeLimit: Int64 = 8 << 30

  /// The store: `$XDG_CACHE_HOME/casfs`, or `~/.cache/casfs`.
  let storePath: String
  /// The directory beside it, for usage records and locks. The name is part of the cache's format.
  let metadataPath: String
  /// The size above which blobs are evicted, in bytes.
  let sizeLimit: Int64

  /// Reads the variables.
  ///
  /// - Throws: `InvalidValue` if no variable has an absolute path, or the size is malformed.
  init(environment: [String: String]) throws(InvalidValue) {
    let directory: String
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      directory = path
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      directory = "\(home)/.cache"
    } else if CurrentProcess.effectiveUserID == 0 {
      // During boot the system mounts without a home directory.
      directory = "/var/cache"
    } else {
      throw InvalidValue("no cache directory: XDG_CACHE_HOME and HOME are not absolute paths")
    }
    storePath = "\(directory)/casfs"
    metadataPath = "\(directory)/casfs-notes"
    guard let text = environment[Self.sizeVariable], !text.isEmpty else {
      sizeLimit = Self.defaultSizeLimit
      return
    }
    guard let size = Int64(byteCount: text) else {
      throw InvalidValue("invalid \(Self.sizeVariable), not a size such as 500M: \(text)")
    }
    sizeLimit = size
  }
}
