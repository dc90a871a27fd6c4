import CAS
import CASPlatform
import OCI
import SystemPackage

/// Where on this machine a user's content of registries is kept, and how much of it.
struct CacheConfiguration: Sendable {
  /// The variable that says how many bytes are kept.
  static let sizeVariable = "CASFS_CACHE_SIZE"
  private static let defaultSizeLimit: Int64 = 8 << 30

  /// The store: `$XDG_CACHE_HOME/casfs`.
  let storePath: String
  /// Beside it: when what was last used, and locks.
  let metadataPath: String
  /// How many bytes of blobs are kept, about.
  let sizeLimit: Int64

  /// - Throws: that nothing says where it is, or how large.
  init(environment: [String: String]) throws(InvalidValue) {
    let directory: String
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      directory = path
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      directory = "\(home)/.cache"
    } else if CurrentProcess.effectiveUserID == 0 {
      // Mounted by the system, when nobody has come in yet.
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
