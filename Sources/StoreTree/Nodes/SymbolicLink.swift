import CASPlatform
import OCI
import SystemPackage

/// Targets of symbolic links.
enum SymbolicLink {
  /// The relative path of a blob from a directory.
  ///
  /// - Parameter depth: how many directories below the mount's root the directory of the link is.
  static func target(of digest: Digest, depth: Int) -> String {
    String(repeating: "../", count: depth) + "blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }

  /// Checks the length of a target.
  ///
  /// - Throws: ENAMETOOLONG for one that the kernel does not take.
  static func checked(_ target: String) throws(Errno) -> String {
    guard target.utf8.count <= PathLimits.path else { throw .fileNameTooLong }
    return target
  }
}
