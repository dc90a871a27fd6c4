import OCI
import SystemPackage

/// A reference, and a directory of references, has no mode, no times and no attributes of its own. Tools that give it
/// those of a file they copied do no harm: what is no more than a mode is taken, and forgotten.
enum ReferenceMetadata {
  /// Takes a mode that comes as an access control list; anything else is EOPNOTSUPP, which tools that copy attributes
  /// pass over.
  static func setAttribute(_ name: String, _ value: [UInt8]) throws(Errno) {
    guard name.sameBytes(as: AccessControlList.attribute), try AccessControlList(value).isMinimal else {
      throw .notSupportedOnSocket
    }
  }
}
