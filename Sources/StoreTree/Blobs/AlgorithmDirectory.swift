import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `blobs/ALGORITHM`: the stored blobs with digests of one algorithm. Every lookup asks the store.
final class AlgorithmDirectory: SyntheticDirectory {
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
    guard let digest = Digest(algorithm, hex: name) else { throw .noSuchFileOrDirectory }
    shared.willQueryStore(for: digest, context)
    let info = try shared.retryingAfterCommit(
      context, try shared.engine.blobInfo(digest, cancellation: context.cancellation))
    return BlobNode(shared, digest, info)
  }

  /// Creates a file under the digest that its content must have when it is closed.
  ///
  /// - Throws: EPERM when the name is not a digest.
  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    guard let digest = Digest(algorithm, hex: name) else { throw .notPermitted }
    let file = IncomingFile(
      shared, number: shared.incoming.nextNumber(), isInBlobs: true, expectedDigest: digest,
      FileMetadata(permissions: permissions & 0o7777, user: context.user, group: context.group, now: .now))
    return (file, try file.open(OpenRequest(isWriting: true), context))
  }

  /// Deletes a blob.
  ///
  /// - Throws: EBUSY when an entry of the index reaches the blob, or may reach it.
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    guard let digest = Digest(algorithm, hex: name) else { throw .noSuchFileOrDirectory }
    context.willBlock()
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
    return BlobStream(listing, algorithm, shared)
  }
}
