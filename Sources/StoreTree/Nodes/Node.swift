import CAS
import CASPlatform
import OCI
import SystemPackage

/// A file, directory or link of the tree, and the requests that the kernel makes of it.
///
/// Every operation has a default that throws the error number of a node that does not support it.
protocol Node: AnyObject, Sendable {
  /// The id to give to the kernel; another is taken when it is in use.
  var preferredID: NodeID { get }
  /// The inode number, which `stat(2)` shows.
  var inode: UInt64 { get }
  /// The file type.
  var kind: NodeKind { get }
  /// How long the kernel may cache the name.
  var entryTimeout: Duration { get }
  /// How long the kernel may cache a name from a listing that includes attributes.
  var listedTimeout: Duration { get }

  /// Whether another node object is the same node in the same state.
  func isSame(as other: any Node) -> Bool
  func attributes(_ context: RequestContext) throws(Errno) -> Attributes
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node
  /// The child of a name, and its attributes.
  func lookup(_ name: String, _ context: RequestContext) throws(Errno) -> (node: any Node, attributes: Attributes)
  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream
  var parentInode: UInt64 { get }
  /// Whether the entries never change, so that the kernel may keep them.
  var hasLastingEntries: Bool { get }
  /// Whether looking up every entry is cheap, so that a listing can include attributes.
  var supportsReaddirplus: Bool { get }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle
  func linkTarget() throws(Errno) -> String

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle)
  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno)
  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno)
  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno)

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8]
  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String]
  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno)
  func removeExtendedAttribute(_ name: String) throws(Errno)
}

extension Node {
  var parentInode: UInt64 { NodeID.root.rawValue }
  var hasLastingEntries: Bool { false }
  var supportsReaddirplus: Bool { false }
  var listedTimeout: Duration { entryTimeout }

  func isSame(as other: any Node) -> Bool { self === other }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes { throw .readOnlyFileSystem }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node { throw .notDirectory }
  func lookup(_ name: String, _ context: RequestContext) throws(Errno) -> (node: any Node, attributes: Attributes) {
    let node = try child(named: name, context)
    return (node, try node.attributes(context))
  }
  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream { throw .notDirectory }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    throw kind == .directory ? .isDirectory : .tooManySymbolicLinkLevels
  }
  func linkTarget() throws(Errno) -> String { throw .invalidArgument }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) { throw .readOnlyFileSystem }
  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    throw .readOnlyFileSystem
  }
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) { throw .readOnlyFileSystem }
  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) { throw .readOnlyFileSystem }
  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) { throw .readOnlyFileSystem }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    throw AbsentAttribute.error(name)
  }
  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] { [] }
  func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    throw .readOnlyFileSystem
  }
  func removeExtendedAttribute(_ name: String) throws(Errno) { throw .readOnlyFileSystem }
}
