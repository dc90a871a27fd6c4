import OCI
import SystemPackage

/// The root of the mount: an image layout with `refs`, `images`, `incoming` and `committed` beside it.
final class RootDirectory: SyntheticDirectory {
  let shared: TreeContext
  private let children: [(name: String, node: any Node)]

  init(_ shared: TreeContext) {
    self.shared = shared
    let layout = SyntheticFile(
      shared, inode: Inode.layout, content: { (_) throws(Errno) in ImageLayout.content },
      modified: { [started = shared.started] (_) throws(Errno) in started })
    let index = SyntheticFile(
      shared, inode: Inode.index,
      content: { [references = shared.references] (context) throws(Errno) in try references.index(context) },
      modified: { [references = shared.references] (context) throws(Errno) in try references.modified(context) })
    children = [
      (ImageLayout.fileName, layout),
      (ImageIndex.fileName, index),
      ("blobs", BlobsDirectory(shared)),
      ("refs", ReferenceDirectory(shared, path: [])),
      ("images", ImagesDirectory(shared, path: [])),
      ("incoming", IncomingDirectory(shared, shared.incoming.root)),
      ("committed", CommittedDirectory(shared, shared.incoming.root)),
    ]
  }

  var preferredID: NodeID { .root }
  var inode: UInt64 { Inode.root }
  var entryTimeout: Duration { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let child = children.first(where: { $0.name.sameBytes(as: name) }) else { throw .noSuchFileOrDirectory }
    return child.node
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(children.map { DirectoryEntry(name: $0.name, inode: $0.node.inode, kind: $0.node.kind) })
  }
}
