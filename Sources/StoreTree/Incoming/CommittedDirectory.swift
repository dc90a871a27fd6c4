import CAS
import CASPlatform
import OCI
import SystemPackage

/// `committed` or a directory below it: the names of `incoming` that are committed, as links to their blobs.
final class CommittedDirectory: Node {
  private let tree: TreeContext
  private let state: IncomingInode

  init(_ tree: TreeContext, _ state: IncomingInode) {
    self.tree = tree
    self.state = state
  }

  private static func inode(_ number: UInt64) -> UInt64 { number == 0 ? Inode.committed : Inode.committed(number) }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Self.inode(state.number) }
  var kind: NodeKind { .directory }
  var entryTimeout: Duration { state.number == 0 ? CacheTimeout.lasting : .zero }
  var parentInode: UInt64 {
    state.number == 0 ? Inode.root : Self.inode(tree.incoming.position(of: state).parent)
  }

  func isSame(as other: any Node) -> Bool { (other as? CommittedDirectory)?.state === state }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    tree.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: state.current.modified,
      attributeTimeout: .zero)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    switch tree.incoming.member(FileName(name), of: state) {
    case .directory(let state): return CommittedDirectory(tree, state)
    case .file(let file):
      guard let address = try file.resolvedBlob(context) else { throw .noSuchFileOrDirectory }
      return CommittedLink(tree, file, address)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    try tree.commits.wait(context)
    let members = try tree.incoming.members(of: state)
    if members.count > 16 { context.willBlock() }
    return EntryList(
      members.compactMap { (name, member) in
        switch member {
        case .directory(let state):
          return DirectoryEntry(name: name.text, inode: Self.inode(state.number), kind: .directory)
        case .file(let file):
          guard file.address != nil, file.isListed(context) else { return nil }
          return DirectoryEntry(name: name.text, inode: Inode.committed(file.number), kind: .link)
        }
      })
  }
}
