import CAS
import CASPlatform
import OCI
import SystemPackage

/// `refs` or a directory below it: the references whose names begin with its path.
final class ReferenceDirectory: ReferenceNode, ReferencePrefixDirectory {
  private let tree: TreeContext
  let path: [FileName]
  let inode: UInt64

  init(_ tree: TreeContext, path: [FileName]) {
    self.tree = tree
    self.path = path
    inode = Self.inode(path)
  }

  static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.refs : Inode.reference(path.map(\.text).joined(separator: "/") + "/")
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    guard case .directory = try tree.references.place(path, context) else { throw .noSuchFileOrDirectory }
    return tree.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try tree.references.modified(context),
      attributeTimeout: CacheTimeout.brief)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if changes.size != nil { throw .isDirectory }
    return try attributes(context)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try tree.references.place(path, context) {
    case .directory: return ReferenceDirectory(tree, path: path)
    case .reference, .unwritten: return ReferenceFile(tree, path: path)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var entries: [DirectoryEntry] = []
    for name in try tree.references.children(of: path, context) {
      let node = try child(named: name.text, context)
      entries.append(DirectoryEntry(name: name.text, inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    let path = path + [FileName(name)]
    let reference = try tree.references.name(of: path, context)
    guard reference.isGrammatical else { throw .invalidArgument }
    let file = ReferenceFile(tree, path: path)
    tree.references.beginWriting(path)
    return (file, ReferenceHandle(tree, reference, path: path, inode: file.inode, text: nil, context))
  }

  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    // A reference in the directory must be able to have a name.
    guard try tree.references.name(of: path + [FileName("x")], context).isGrammatical else {
      throw .invalidArgument
    }
    try tree.references.makeDirectory(path, context)
    return ReferenceDirectory(tree, path: path)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    let reference = try existing(name, context)
    context.willBlock()
    try tree.errors.map(
      try tree.engine.deleteReference(named: reference, cancellation: context.cancellation))
    tree.references.refresh(reference)
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    try tree.references.removeDirectory(path + [FileName(name)], context)
  }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    guard let target = directory as? ReferenceDirectory else { throw .improperLink }
    let reference = try existing(name, context)
    let path = target.path + [FileName(other)]
    if case .directory = try tree.references.place(path, context) { throw .isDirectory }
    let new = try tree.references.name(of: path, context)
    context.willBlock()
    try tree.errors.map(
      try tree.engine.moveReference(
        named: reference, to: new, replacing: replacing, cancellation: context.cancellation))
    tree.references.refresh(reference, new)
  }

  private func existing(_ name: String, _ context: RequestContext) throws(Errno) -> ReferenceName {
    switch try tree.references.place(path + [FileName(name)], context) {
    case .reference(let reference): return reference.name
    case .directory: throw .isDirectory
    case .unwritten: throw .resourceBusy
    case nil: throw .noSuchFileOrDirectory
    }
  }
}
