import OCI
import SystemPackage

/// The error of reading an extended attribute that a node does not have.
enum AbsentAttribute {
  /// Attributes that are EOPNOTSUPP: ls(1) asks for them once per mount then, and not once per file.
  static let unsupported = ["security.selinux", "system.posix_acl_access", "system.posix_acl_default"]

  /// EOPNOTSUPP for the security label and the access control lists, ENODATA for any other attribute.
  static func error(_ name: String) -> Errno {
    unsupported.contains { $0.sameBytes(as: name) } ? .notSupportedOnSocket : .noData
  }
}
