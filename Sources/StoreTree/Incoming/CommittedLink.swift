import CAS
import CASPlatform
import SystemPackage

/// `committed/NAME`: a link to the blob that the name's content became.
final class CommittedLink: Node {
  private let shared: TreeContext
  private let file: IncomingFile
  private let address: BlobAddress

  init(_ shared: TreeContext, _ file: IncomingFile, _ address: BlobAddress) {
    self.shared = shared
    self.file = file
    self.address = address
  }

  var preferredID: NodeID { NodeID(inode) }
  var inode: UInt64 { Inode.committed(file.number) }
  var kind: NodeKind { .link }
  // The next commit of the name makes another link of it.
  var entryTimeout: Duration { .zero }

  func isSame(as other: any Node) -> Bool {
    guard let other = other as? CommittedLink else { return false }
    return other.file === file && other.address == address
  }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    shared.attributes(
      inode: inode, kind: .link, permissions: 0o777, size: Int64(target.utf8.count),
      modified: file.metadata.modified, attributeTimeout: .zero)
  }

  func linkTarget() throws(Errno) -> String { try SymbolicLink.checked(target) }

  private var target: String {
    SymbolicLink.target(of: address.digest, depth: shared.incoming.depth(ofFile: file.number) + 1)
  }
}
