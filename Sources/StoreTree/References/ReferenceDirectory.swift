import CAS
import CASPlatform
import OCI
import SystemPackage

/// `refs` or a directory below it: the references whose names begin with its path.
final class ReferenceDirectory: Node {
  private let shared: TreeContext
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Self.inode(path)
  }

  private static func inode(_ path: [FileName]) -> UInt64 {
    path.isEmpty ? Inode.refs : Inode.reference(path.map(\.text).joined(separator: "/") + "/")
  }

  var preferredID: NodeID { NodeID(inode) }
  var parentInode: UInt64 { path.isEmpty ? Inode.root : Self.inode(Array(path.dropLast())) }
  var kind: NodeKind { .directory }
  var entryTimeout: Double { path.isEmpty ? CacheTimeout.lasting : CacheTimeout.brief }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceDirectory)?.path == path
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    guard case .directory = try shared.references.place(path, shared, context) else { throw .noSuchFileOrDirectory }
    return shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0,
      modified: try shared.references.modified(shared, context),
      validity: CacheTimeout.brief)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if changes.size != nil { throw .isDirectory }
    return try attributes(context)
  }

  func setAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try ReferenceMetadata.setAttribute(name, value)
  }

  func removeAttribute(_ name: String) throws(Errno) { throw .noData }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, shared, context) {
    case .directory: return ReferenceDirectory(shared, path: path)
    case .reference, .unwritten: return ReferenceFile(shared, path: path)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var entries: [DirectoryEntry] = []
    for name in try shared.references.children(of: path, shared, context) {
      let node = try child(named: name.text, context)
      entries.append(DirectoryEntry(name: name.text, inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    let path = path + [FileName(name)]
    let reference = try shared.references.name(of: path, shared, context)
    guard reference.isGrammatical else { throw .invalidArgument }
    let file = ReferenceFile(shared, path: path)
    shared.references.beginWriting(path)
    return (file, ReferenceHandle(shared, reference, path: path, inode: file.inode, text: nil, context))
  }

  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    // Something in it must be able to have a name.
    guard try shared.references.name(of: path + [FileName("x")], shared, context).isGrammatical else {
      throw .invalidArgument
    }
    try shared.references.makeDirectory(path, shared, context)
    return ReferenceDirectory(shared, path: path)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    let reference = try existing(name, context)
    context.willBlock()
    try shared.mappingErrors { () throws(CASError) in
      try shared.engine.deleteReference(named: reference, cancellation: context.cancellation)
    }
    shared.references.refresh(reference)
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    try shared.references.removeDirectory(path + [FileName(name)], shared, context)
  }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    guard let target = directory as? ReferenceDirectory else { throw .improperLink }
    let reference = try existing(name, context)
    let path = target.path + [FileName(other)]
    if case .directory = try shared.references.place(path, shared, context) { throw .isDirectory }
    let new = try shared.references.name(of: path, shared, context)
    context.willBlock()
    try shared.mappingErrors { () throws(CASError) in
      try shared.engine.moveReference(
        named: reference, to: new, replacing: replacing, cancellation: context.cancellation)
    }
    shared.references.refresh(reference, new)
  }

  private func existing(_ name: String, _ context: RequestContext) throws(Errno) -> ReferenceName {
    switch try shared.references.place(path + [FileName(name)], shared, context) {
    case .reference(let reference): return reference.name
    case .directory: throw .isDirectory
    case .unwritten: throw .resourceBusy
    case nil: throw .noSuchFileOrDirectory
    }
  }
}

/// `refs/NAME`: the descriptor of a reference as one line of JSON.
final class ReferenceFile: Node {
  private let shared: TreeContext
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeContext, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Inode.reference(path.map(\.text).joined(separator: "/"))
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  // After a rename the name is another node at once.
  var entryTimeout: Double { 0 }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceFile)?.path == path
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    let (content, modified) = try content(context)
    return shared.attributes(
      inode: inode, kind: .file, permissions: shared.options.isReadOnly ? 0o444 : 0o644,
      size: Int64(content.count), modified: modified, validity: 0)
  }

  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if let size = changes.size {
      guard let handle = handle as? ReferenceHandle, handle.path == path else { throw .invalidArgument }
      try handle.truncate(to: size)
    }
    return try attributes(context)
  }

  func setAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    try ReferenceMetadata.setAttribute(name, value)
  }

  func removeAttribute(_ name: String) throws(Errno) { throw .noData }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    let (content, _) = try content(context)
    guard request.isWriting || request.isTruncating else { return BufferHandle(content) }
    let name = try shared.references.name(of: path, shared, context)
    shared.references.beginWriting(path)
    return ReferenceHandle(
      shared, name, path: path, inode: inode, text: request.isTruncating ? nil : content, context)
  }

  private func content(_ context: RequestContext) throws(Errno) -> ([UInt8], Timestamp) {
    switch try shared.references.place(path, shared, context) {
    case .reference(let reference):
      let (descriptor, modified) = try shared.references.descriptor(of: reference, shared, context)
      return (descriptor.named(nil).json.serialized + [UInt8(ascii: "\n")], modified)
    case .unwritten: return ([], .now)
    default: throw .noSuchFileOrDirectory
    }
  }
}
