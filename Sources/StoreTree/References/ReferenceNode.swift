import CAS
import CASPlatform
import OCI
import SystemPackage

/// A reference or a directory of references. Neither has a mode, times or attributes of its own.
///
/// A tool that copies a file also sets its mode, which succeeds and is not kept.
protocol ReferenceNode: Node {
  var shared: TreeContext { get }
  var path: [FileName] { get }

  /// The attributes of the node, if this is at its path.
  func attributes(at place: ReferenceView.Place?, _ context: RequestContext) throws(Errno) -> Attributes
}

extension ReferenceNode {
  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    try attributes(at: try shared.references.place(path, context), context)
  }

  /// Accepts an access control list that is no more than a mode.
  ///
  /// - Throws: EOPNOTSUPP for any other attribute; tools that copy attributes ignore it.
  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try AccessControlList.requireMinimal(name, value)
  }

  func removeExtendedAttribute(_ name: String) throws(Errno) { throw .noData }
}

/// A directory whose path is the prefix of reference names: `refs`, `images` and those below them.
protocol ReferencePrefixDirectory: Node {
  var path: [FileName] { get }
  /// The inode number for a path.
  static func inode(_ path: [FileName]) -> UInt64
}

extension ReferencePrefixDirectory {
  var preferredID: NodeID { NodeID(inode) }
  var parentInode: UInt64 { path.isEmpty ? Inode.root : Self.inode(Array(path.dropLast())) }
  var kind: NodeKind { .directory }
  var entryTimeout: Duration { path.isEmpty ? CacheTimeout.lasting : CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool { (other as? Self)?.path == path }
}

extension TreeContext {
  /// The reason why `refs` and `images` are empty, for a store that does not list its references.
  ///
  /// - Throws: an error of ``AbsentAttribute`` for any other attribute, and below these directories.
  func listingError(_ name: String, at path: [FileName], _ context: RequestContext) throws(Errno) -> [UInt8] {
    guard path.isEmpty, name.sameBytes(as: ImageDirectory.errorAttribute),
      let error = try references.listingFailure(context)
    else { throw AbsentAttribute.error(name) }
    return Array(error.cause.utf8)
  }

  func listingErrorNames(at path: [FileName], _ context: RequestContext) throws(Errno) -> [String] {
    guard path.isEmpty, try references.listingFailure(context) != nil else { return [] }
    return [ImageDirectory.errorAttribute]
  }
}
