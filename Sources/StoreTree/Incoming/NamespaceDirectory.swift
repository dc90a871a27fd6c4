import CAS
import CASPlatform
import SystemPackage

/// A directory that shows a directory of the ``IncomingNamespace``: `incoming`, `committed` and those below them.
protocol NamespaceDirectory: Node {
  var shared: TreeContext { get }
  var namespace: IncomingNamespace { get }
  var state: IncomingInode { get }

  /// The inode number for the number of a directory in the namespace.
  static func inode(_ number: UInt64) -> UInt64

  /// The entry of a file, after a commit of it that is under way; `nil` when this directory does not list it.
  func entry(_ name: FileName, _ file: IncomingFile, _ context: RequestContext) -> DirectoryEntry?
}

extension NamespaceDirectory {
  /// The most members that are listed without promoting a follower: the store is asked about each alias.
  private var quickCount: Int { 16 }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Self.inode(state.number) }
  var kind: NodeKind { .directory }
  var parentInode: UInt64 {
    state.number == 0 ? Inode.root : Self.inode(namespace.position(of: state).parent)
  }

  func isSame(as other: any Node) -> Bool { (other as? Self)?.state === state }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    // In the order of their numbers, which outlive the process, as the position of a reader does.
    let members = try namespace.members(of: state).sorted { $0.member.number < $1.member.number }
    if members.count > quickCount { context.willBlock() }
    // Only the commits of listed files are waited for: when several processes write, others are always under way.
    let entries = members.compactMap { (name, member) in
      switch member {
      case .directory(let state):
        return DirectoryEntry(name: name.text, inode: Self.inode(state.number), kind: .directory)
      case .file(let file): return entry(name, file, context)
      }
    }
    if context.cancellation.isCancelled { throw .interrupted }
    return EntryList(entries)
  }
}
