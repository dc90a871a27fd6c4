import OCI
import SystemPackage

/// The directory of an image whose reference the store lists and does not return: empty, with the reason in an extended
/// attribute.
final class UnreadableImageDirectory: ImagePart {
  let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  private let reason: String

  init(_ shared: TreeContext, path: [FileName], reason: String) {
    self.shared = shared
    self.path = path
    self.reason = reason
    inode = ImagesDirectory.inode(path)
  }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? UnreadableImageDirectory else { return false }
    return path == other.path && reason.sameBytes(as: other.reason)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node { throw .noSuchFileOrDirectory }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream { EntryList([]) }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard name.sameBytes(as: ImageDirectory.errorAttribute) else { throw AbsentAttribute.error(name) }
    return Array(reason.utf8)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] { [ImageDirectory.errorAttribute] }
}
