import OCI
import SystemPackage

/// The root of the mount: an image layout with `refs`, `images`, `incoming` and `committed` beside it.
final class RootDirectory: SyntheticDirectory, LayoutNode, ScratchParent {
  let shared: TreeContext
  private let children: [(name: String, node: any Node)]

  init(_ shared: TreeContext) {
    self.shared = shared
    children = [
      (ImageLayout.fileName, LayoutFile(shared)),
      (ImageIndex.fileName, IndexFile(shared)),
      ("blobs", BlobsDirectory(shared)),
      ("refs", ReferenceDirectory(shared, path: [])),
      ("images", ImagesDirectory(shared, path: [])),
      ("incoming", IncomingDirectory(shared, shared.incoming, shared.incoming.root)),
      ("committed", CommittedDirectory(shared, shared.incoming.root)),
    ]
  }

  var preferredID: NodeID { .root }
  var inode: UInt64 { Inode.root }
  var entryTimeout: Duration { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    if let child = children.first(where: { $0.name.sameBytes(as: name) }) { return child.node }
    guard let child = scratch.child(named: name, context) else { throw .noSuchFileOrDirectory }
    return child
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      children.map { DirectoryEntry(name: $0.name, inode: $0.node.inode, kind: $0.node.kind) }
        + (try scratch.entries(context)))
  }

  // MARK: Temporary content of tools

  var scratch: ScratchArea { ScratchArea(shared: shared, place: .root) }

  private func isFixed(_ name: String) -> Bool { children.contains { $0.name.sameBytes(as: name) } }

  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    guard shared.isWritable else { throw .readOnlyFileSystem }
    return try scratch.create(name, permissions: permissions, context)
  }

  func makeDirectory(_ name: String, permissions: UInt32, _ context: RequestContext) throws(Errno) -> any Node {
    guard shared.isWritable else { throw .readOnlyFileSystem }
    return try scratch.makeDirectory(name, permissions: permissions, context)
  }

  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    if isFixed(name) { throw .notPermitted }
    try scratch.removeFile(name, context)
  }

  func removeDirectory(_ name: String, _ context: RequestContext) throws(Errno) {
    if isFixed(name) { throw .notPermitted }
    try scratch.removeDirectory(name, context)
  }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    if isFixed(name) { throw .notPermitted }
    try scratch.rename(name, to: other, in: directory, replacing: replacing, context)
  }
}
