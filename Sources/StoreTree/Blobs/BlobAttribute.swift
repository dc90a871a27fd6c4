import CAS
import OCI
import SystemPackage

/// The extended attributes that tell a blob's address. They are not listed: a tool that keeps attributes would put them
/// on a copy, which may change, or fail to put them on what it writes here.
enum BlobAttribute {
  static let digest = "user.casfs.digest"
  static let size = "user.casfs.size"
  static let names = [digest, size]
  /// What a blob cannot have. ls(1) asks every file for a label and a list, until one says that there are none here.
  static let unsupported = ["security.selinux", "system.posix_acl_access", "system.posix_acl_default"]

  static func value(_ name: String, _ address: BlobAddress) throws(Errno) -> [UInt8] {
    if name.sameBytes(as: digest) { return Array(address.digest.description.utf8) }
    if name.sameBytes(as: size) { return Array(String(address.size).utf8) }
    throw .noData
  }
}
