internal import CAS
internal import OCI
internal import SystemPackage

/// `refs` or a directory below it: the references whose names begin with its path.
final class ReferenceDirectory: Node {
  private let shared: TreeShared
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeShared, path: [FileName]) {
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
  var nameValidity: Double { path.isEmpty ? Validity.lasting : Validity.brief }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceDirectory)?.path == path
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    _ = try children()
    return shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: shared.started, validity: Validity.brief)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    let path = path + [FileName(name)]
    switch try shared.references.place(path, shared) {
    case .directory: return ReferenceDirectory(shared, path: path)
    case .reference: return ReferenceFile(shared, path: path)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    var entries: [DirectoryEntry] = []
    for name in try children() {
      let node = try child(named: name.text, context)
      entries.append(DirectoryEntry(name: name.text, inode: node.inode, kind: node.kind))
    }
    return EntryList(entries)
  }

  private func children() throws(Errno) -> [FileName] {
    guard case .directory(let children) = try shared.references.place(path, shared) else {
      throw .noSuchFileOrDirectory
    }
    return children
  }
}

/// `refs/NAME`: the descriptor of a reference as one line of JSON.
final class ReferenceFile: Node {
  private let shared: TreeShared
  private let path: [FileName]
  let inode: UInt64

  init(_ shared: TreeShared, path: [FileName]) {
    self.shared = shared
    self.path = path
    inode = Inode.reference(path.map(\.text).joined(separator: "/"))
  }

  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  var nameValidity: Double { Validity.brief }

  func isSame(as other: any Node) -> Bool {
    (other as? ReferenceFile)?.path == path
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .file, permissions: 0o444, size: Int64(try content().count), modified: shared.started,
      validity: Validity.brief)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    if request.isWriting || request.isTruncating { throw .readOnlyFileSystem }
    return BytesHandle(try content())
  }

  private func content() throws(Errno) -> [UInt8] {
    guard case .reference(let reference) = try shared.references.place(path, shared) else {
      throw .noSuchFileOrDirectory
    }
    return reference.descriptor.named(nil).json.serialized + [UInt8(ascii: "\n")]
  }
}
