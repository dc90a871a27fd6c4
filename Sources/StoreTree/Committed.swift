internal import CAS
internal import OCI
internal import Platform
internal import SystemPackage

/// `committed` or a directory below it: the names of `incoming` that are committed, as links to their blobs.
final class CommittedDirectory: Node {
  private let shared: TreeShared
  private let folder: Folder

  init(_ shared: TreeShared, _ folder: Folder) {
    self.shared = shared
    self.folder = folder
  }

  private static func inode(_ number: UInt64) -> UInt64 { number == 0 ? Inode.committed : Inode.committed(number) }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Self.inode(folder.number) }
  var kind: NodeKind { .directory }
  var entryTimeout: Double { folder.number == 0 ? CacheTimeout.lasting : 0 }
  var parentInode: UInt64 {
    folder.number == 0 ? Inode.root : Self.inode(shared.incoming.position(of: folder).parent)
  }

  func isSame(as other: any Node) -> Bool { (other as? CommittedDirectory)?.folder === folder }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: folder.current.modified, validity: 0)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    switch shared.incoming.member(FileName(name), of: folder) {
    case .directory(let folder): return CommittedDirectory(shared, folder)
    case .file(let file):
      guard let address = try file.requireBlob(context) else { throw .noSuchFileOrDirectory }
      return CommittedLink(shared, file, address)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    try shared.commits.wait(context)
    let members = try shared.incoming.members(of: folder)
    if members.count > 16 { context.willBlock() }
    return EntryList(
      members.compactMap { (name, member) in
        switch member {
        case .directory(let folder):
          return DirectoryEntry(name: name.text, inode: Self.inode(folder.number), kind: .directory)
        case .file(let file):
          guard file.address != nil, file.isThere(context) else { return nil }
          return DirectoryEntry(name: name.text, inode: Inode.committed(file.number), kind: .link)
        }
      })
  }
}

/// `committed/NAME`: a link to the blob that the name's content became.
final class CommittedLink: Node {
  private let shared: TreeShared
  private let file: IncomingFile
  private let address: BlobAddress

  init(_ shared: TreeShared, _ file: IncomingFile, _ address: BlobAddress) {
    self.shared = shared
    self.file = file
    self.address = address
  }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Inode.committed(file.number) }
  var kind: NodeKind { .link }
  // Written again, the name is another link at once.
  var entryTimeout: Double { 0 }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? CommittedLink else { return false }
    return other.file === file && other.address == address
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .link, permissions: 0o777, size: Int64(target.utf8.count),
      modified: file.metadata.modified, validity: 0)
  }

  func linkTarget() throws(Errno) -> String { try SymbolicLink.checked(target) }

  private var target: String {
    let up = String(repeating: "../", count: shared.incoming.depth(ofFile: file.number) + 1)
    return "\(up)blobs/\(address.digest.algorithm.rawValue)/\(address.digest.hex)"
  }
}
