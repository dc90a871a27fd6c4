import CAS
import CASPlatform
import SystemPackage

/// Where on this machine a user's content of registries is kept, and how much of it.
struct CacheLocation: Sendable {
  /// The variable that says how many bytes are kept.
  static let sizeVariable = "CASFS_CACHE_SIZE"
  private static let defaultLimit: Int64 = 8 << 30

  /// The store: `$XDG_CACHE_HOME/casfs`.
  let store: String
  /// Beside it: when what was last used, and locks.
  let metadata: String
  /// How many bytes of blobs are kept, about.
  let limit: Int64

  /// - Throws: that nothing says where it is, or how large.
  init(environment: [String: String]) throws(InvalidCache) {
    let folder: String
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      folder = path
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      folder = "\(home)/.cache"
    } else if CurrentProcess.effectiveUserID == 0 {
      // Mounted by the system, when nobody has come in yet.
      folder = "/var/cache"
    } else {
      throw InvalidCache(reason: "neither XDG_CACHE_HOME nor HOME says where content is kept")
    }
    store = "\(folder)/casfs"
    metadata = "\(folder)/casfs-notes"
    guard let text = environment[Self.sizeVariable], !text.isEmpty else {
      limit = Self.defaultLimit
      return
    }
    guard let size = Int64(byteCount: text) else {
      throw InvalidCache(reason: "\(Self.sizeVariable) is a number of bytes, with K, M, G or T after it if need be")
    }
    limit = size
  }
}

/// Why there is no place for content of registries.
struct InvalidCache: Error {
  let reason: String
}
