import OCI
import SystemPackage

/// The root of the mount: an image layout with `refs`, `images`, `incoming` and `committed` beside it.
final class RootDirectory: SyntheticDirectory {
  let tree: TreeContext
  private let children: [(name: String, node: any Node)]

  init(_ tree: TreeContext) {
    self.tree = tree
    let layout = SyntheticFile(
      tree, inode: Inode.layout, content: { (_) throws(Errno) in ImageLayout.content },
      modified: { [started = tree.started] (_) throws(Errno) in started })
    let index = SyntheticFile(
      tree, inode: Inode.index,
      content: { [references = tree.references] (context) throws(Errno) in try references.index(context) },
      modified: { [references = tree.references] (context) throws(Errno) in try references.modified(context) })
    children = [
      (ImageLayout.fileName, layout),
      (ImageIndex.fileName, index),
      ("blobs", BlobsDirectory(tree)),
      ("refs", ReferenceDirectory(tree, path: [])),
      ("images", ImagesDirectory(tree, path: [])),
      ("incoming", IncomingDirectory(tree, tree.incoming.root)),
      ("committed", CommittedDirectory(tree, tree.incoming.root)),
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
