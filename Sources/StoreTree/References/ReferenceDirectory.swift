import CAS
import CASPlatform
import OCI
import SystemPackage

/// `refs` or a directory below it: the references whose names begin with its path.
final class ReferenceDirectory: ReferenceNode, ReferencePrefixDirectory {
  let shared: TreeContext
  let path: [FileName]
  let inode: UInt64
  var supportsReaddirplus: Bool { shared.remote == nil }

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Self.inode(path)
  }

  static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.refs : Inode.reference(path, before: "/")
  }

  func attributes(at place: ReferenceView.Place?, _ context: RequestContext) throws(Errno) -> Attributes {
    guard case .directory = place else { throw .noSuchFileOrDirectory }
    return shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try shared.references.modified(context),
      attributeTimeout: CacheTimeout.brief)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if changes.size != nil { throw .isDirectory }
    return try attributes(context)
  }

  func extendedAttribute(_ name: String, _ context: RequestContext) throws(Errno) -> [UInt8] {
    try shared.listingError(name, at: path, context)
  }

  func extendedAttributeNames(_ context: RequestContext) throws(Errno) -> [String] {
    try shared.listingErrorNames(at: path, context)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    try find(name, context).node
  }

  /// Searches for the name once; each search among 100,000 takes longer than the rest.
  func lookup(_ name: String, _ context: RequestContext) throws(Errno) -> (node: any Node, attributes: Attributes) {
    let (node, place) = try find(name, context)
    return (node, try node.attributes(at: place, context))
  }

  private func find(
    _ name: String, _ context: RequestContext
  ) throws(Errno) -> (node: any ReferenceNode, place: ReferenceView.Place) {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, context) {
    case .directory: return (ReferenceDirectory(shared, path: path), .directory)
    case let place?: return (ReferenceFile(shared, path: path), place)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      try shared.references.children(of: path, context).map { (name, isDirectory) in
        let path = path + [name]
        return DirectoryEntry(
          name: name.text, inode: isDirectory ? Self.inode(path) : ReferenceFile.inode(path),
          kind: isDirectory ? .directory : .file)
      })
  }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    let path = path + [FileName(name)]
    let reference = try shared.references.name(of: path, context)
    guard reference.isGrammatical else { throw .invalidArgument }
    let file = ReferenceFile(shared, path: path)
    return (file, ReferenceHandle(shared, reference, path: path, inode: file.inode, text: nil, context))
  }

  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    // A reference in the directory must be able to have a name.
    guard try shared.references.name(of: path + [FileName("x")], context).isGrammatical else {
      throw .invalidArgument
    }
    try shared.references.makeDirectory(path, context)
    return ReferenceDirectory(shared, path: path)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    let reference = try existing(name, context)
    context.willBlock()
    try shared.errors.map(
      try shared.engine.deleteReference(named: reference, cancellation: context.cancellation))
    shared.didChangeReferences([reference], by: shared.processes.process(ofThread: context.thread))
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    try shared.references.removeDirectory(path + [FileName(name)], context)
  }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    guard let target = directory as? ReferenceDirectory else { throw .improperLink }
    let reference = try existing(name, context)
    let path = target.path + [FileName(other)]
    if case .directory = try shared.references.place(path, context) { throw .isDirectory }
    let new = try shared.references.name(of: path, context)
    context.willBlock()
    try shared.errors.map(
      try shared.engine.moveReference(
        named: reference, to: new, replacing: replacing, cancellation: context.cancellation))
    shared.didChangeReferences([reference, new], by: shared.processes.process(ofThread: context.thread))
  }

  /// The node of a file in the directory, whether or not there is one.
  func file(named name: String) -> ReferenceFile { ReferenceFile(shared, path: path + [FileName(name)]) }

  private func existing(_ name: String, _ context: RequestContext) throws(Errno) -> ReferenceName {
    switch try shared.references.place(path + [FileName(name)], context) {
    case .reference(let reference): return reference.name
    case .directory: throw .isDirectory
    case .unwritten: throw .resourceBusy
    case nil: throw .noSuchFileOrDirectory
    }
  }
}
