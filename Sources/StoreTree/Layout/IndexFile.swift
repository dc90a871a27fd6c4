import CAS
import CASPlatform
import OCI
import SystemPackage

/// `index.json`: a view of the store's index. A write to it is a change of the index, merged with those of other writers.
///
/// It is one node for the whole life of the mount, so a reader never finds it missing, empty or incomplete.
final class IndexFile: LayoutNode {
  let shared: TreeContext

  init(_ shared: TreeContext) {
    self.shared = shared
  }

  var inode: UInt64 { Inode.index }
  var preferredID: NodeID { NodeID(inode) }
  var kind: NodeKind { .file }
  // A rename over the name makes the kernel take the renamed node for it. That node's name must be looked up each time,
  // so the kernel then finds this one again.
  var entryTimeout: Duration { CacheTimeout.lasting }

  func attributes(_ context: RequestContext) throws(Errno) -> Attributes {
    let index = try shared.references.index(context)
    let isShared = shared.openIndexes.isEmpty && !shared.indexVersions.hasPins
    let process = isShared ? .unseen : shared.processes.process(ofThread: context.thread)
    let size = shared.openIndexes.size(of: process) ?? shared.indexVersions.current(index, process: process).size
    return shared.attributes(
      inode: inode, kind: .file, permissions: shared.isWritable ? 0o644 : 0o444, size: Int64(size),
      modified: try shared.references.modified(context), attributeTimeout: .zero)
  }

  /// Accepts owner, mode and times without keeping them, as the tools that set them expect.
  func setAttributes(
    _ changes: AttributeChanges, handle: (any FileHandle)?, _ context: RequestContext
  ) throws(Errno) -> Attributes {
    if let size = changes.size {
      guard let handle = handle as? IndexHandle else { throw .notPermitted }
      try handle.truncate(to: size, context)
    }
    return try attributes(context)
  }

  func open(_ request: OpenRequest, _ context: RequestContext) throws(Errno) -> any FileHandle {
    let process = shared.processes.process(ofThread: context.thread)
    guard request.isChanging else {
      return IndexReader(shared, try version(process, context), process: process)
    }
    guard shared.isWritable else { throw .readOnlyFileSystem }
    return IndexHandle(
      shared, content: request.isTruncating ? nil : try version(process, context).pieces.joinedBytes, process: process)
  }

  private func version(_ process: ProcessIdentity, _ context: RequestContext) throws(Errno) -> IndexVersions.Served {
    shared.removals.noteUse(by: process, readsIndex: true)
    return shared.indexVersions.open(try shared.references.index(context), process: process)
  }
}
