import SystemPackage

/// Symbolic links, as the kernel has them.
enum SymbolicLink {
  /// The longest target: PATH_MAX with the zero at its end.
  private static let maximumLength = 4095

  /// A target that the kernel can take; ENAMETOOLONG otherwise.
  static func checked(_ target: String) throws(Errno) -> String {
    guard target.utf8.count <= maximumLength else { throw .fileNameTooLong }
    return target
  }
}
