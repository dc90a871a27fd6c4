import CASPlatform
import SystemPackage

/// `committed` or a directory below it: a link to its blob for every committed name of `incoming`, at the same path.
final class CommittedDirectory: NamespaceDirectory {
  let shared: TreeContext
  let state: IncomingInode
  var namespace: IncomingNamespace { shared.incoming }

  init(_ shared: TreeContext, _ state: IncomingInode) {
    self.shared = shared
    self.state = state
  }

  static func inode(_ number: UInt64) -> UInt64 { number == 0 ? Inode.committed : Inode.committed(number) }

  var entryTimeout: Duration { state.number == 0 ? CacheTimeout.lasting : .zero }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .directory, permissions: 0o755, size: 0, modified: state.current.modified,
      attributeTimeout: .zero)
  }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    switch namespace.member(FileName(name), of: state) {
    case .directory(let state): return CommittedDirectory(shared, state)
    case .file(let file):
      guard let address = try file.resolvedBlob(context) else { throw .noSuchFileOrDirectory }
      return CommittedLink(shared, file, address)
    case nil: throw .noSuchFileOrDirectory
    }
  }

  func entry(_ name: FileName, _ file: IncomingFile, _ context: RequestContext) -> DirectoryEntry? {
    guard file.isListed(context), file.address != nil else { return nil }
    return DirectoryEntry(name: name.text, inode: Inode.committed(file.number), kind: .link)
  }
}
