import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `blobs/ALGORITHM`: the stored blobs with digests of one algorithm. Every lookup asks the store.
final class AlgorithmDirectory: SyntheticDirectory, LayoutNode, ScratchParent {
  let shared: TreeContext
  let algorithm: Digest.Algorithm

  init(_ shared: TreeContext, _ algorithm: Digest.Algorithm) {
    self.shared = shared
    self.algorithm = algorithm
  }

  var inode: UInt64 { Inode.algorithm(algorithm) }
  var parentInode: UInt64 { Inode.blobs }
  var supportsReaddirplus: Bool { shared.remote == nil }
  var entryTimeout: Duration { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let digest = Digest(algorithm, hex: name) else {
      guard let child = scratch.child(named: name, context) else { throw .noSuchFileOrDirectory }
      return child
    }
    if let rewrite = shared.rewrites.pending(digest, thread: context.thread) { return rewrite }
    if shared.removals.noteLookup(of: digest, thread: context.thread) { throw .noSuchFileOrDirectory }
    shared.willQueryStore(for: digest, context)
    let info = try shared.retryingAfterCommit(
      context, try shared.engine.blobInfo(digest, cancellation: context.cancellation))
    return BlobNode(shared, digest, info)
  }

  /// Creates a file under the digest that its content must have when it is closed.
  ///
  /// - Throws: EPERM when the name is neither a digest nor that of a tool's temporary content.
  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    guard let digest = Digest(algorithm, hex: name) else {
      return try scratch.create(name, permissions: permissions, context)
    }
    let file = IncomingFile(promising: digest, permissions: permissions, shared, context)
    return (file, try file.openNew(context))
  }

  var scratch: ScratchArea { ScratchArea(shared: shared, place: .blobs(algorithm)) }

  func rename(
    _ name: String, to other: String, in directory: any Node, replacing: Bool, _ context: RequestContext
  ) throws(Errno) {
    if Digest(algorithm, hex: name) != nil { throw .readOnlyFileSystem }
    try scratch.rename(name, to: other, in: directory, replacing: replacing, context)
  }

  /// Deletes a blob.
  ///
  /// - Throws: EBUSY when an entry of the index reaches the blob, or may reach it.
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    guard let digest = Digest(algorithm, hex: name) else { return try scratch.removeFile(name, context) }
    context.willBlock()
    let process = shared.processes.process(ofThread: context.thread)
    if shared.removals.defers(process) { return try shared.removeOrDefer(digest, by: process, context) }
    // Collected before the deletion: a name that becomes an alias afterwards is of a blob that was put again.
    let aliases = shared.incoming.files.filter { $0.isAlias(of: digest) }
    try shared.errors.map { () throws(CASError) in
      _ = try shared.engine.blobInfo(digest)
      switch try shared.engine.deleteBlobUnlessReachable(digest, cancellation: context.cancellation) {
      case .deleted: return
      case .reachable: break
      case .undecided(let reason): shared.logger.error("delete blob \(digest): \(reason)")
      }
      throw CASError(
        .io(.resourceBusy), operation: "delete blob", subject: digest.description,
        cause: "the index reaches the blob, or may")
    }
    for alias in aliases where alias.isAlias(of: digest) { shared.incoming.remove(alias) }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    try shared.commits.wait(context)
    shared.willQueryStore(context)
    let listing = try shared.errors.map(try shared.engine.listBlobs())
    let stream = BlobStream(listing, algorithm, shared, hidden: shared.removals.hidden(thread: context.thread))
    let own = try scratch.entries(context)
    return own.isEmpty ? stream : EntryChain(own, then: stream)
  }
}
