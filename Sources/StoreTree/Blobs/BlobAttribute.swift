import CAS
import OCI
import SystemPackage

/// Extended attributes with the digest and the size of a blob.
///
/// They are not listed: a tool that preserves attributes would set them on a copy, whose content can change, or fail to
/// set them here.
enum BlobAttribute {
  static let digest = "user.casfs.digest"
  static let size = "user.casfs.size"
  static let names = [digest, size]

  static func value(_ name: String, _ address: BlobAddress) throws(Errno) -> [UInt8] {
    if name.sameBytes(as: digest) { return Array(address.digest.description.utf8) }
    if name.sameBytes(as: size) { return Array(String(address.size).utf8) }
    throw AbsentAttribute.error(name)
  }
}
