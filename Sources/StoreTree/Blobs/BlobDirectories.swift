import CAS
import CASPlatform
import Logging
import OCI
import SystemPackage

/// `blobs`: a directory for each algorithm.
final class BlobsDirectory: SyntheticDirectory {
  let shared: TreeContext
  private let directories: [AlgorithmDirectory]

  init(_ shared: TreeContext) {
    self.shared = shared
    directories = Digest.Algorithm.allCases.map { AlgorithmDirectory(shared, $0) }
  }

  var inode: UInt64 { Inode.blobs }
  var entryTimeout: Double { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let directory = directories.first(where: { $0.algorithm.rawValue.sameBytes(as: name) }) else {
      throw .noSuchFileOrDirectory
    }
    return directory
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    EntryList(
      directories.map { DirectoryEntry(name: $0.algorithm.rawValue, inode: $0.inode, kind: .directory) })
  }
}

/// `blobs/ALGORITHM`: the stored blobs with digests of one algorithm, as the store has them now.
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
  var entryTimeout: Double { CacheTimeout.lasting }

  func child(named name: String, _ context: RequestContext) throws(Errno) -> any Node {
    guard let digest = Digest(algorithm, hex: name) else { throw .noSuchFileOrDirectory }
    shared.willQueryStore(for: digest, context)
    let info = try shared.retryingAfterCommit(context) { () throws(CASError) in
      try shared.engine.blobInfo(digest, cancellation: context.cancellation)
    }
    return BlobNode(shared, digest, info)
  }

  /// Makes a blob under the digest it will have; what is written must have that.
  func create(
    _ name: String, permissions: UInt32, _ context: RequestContext
  ) throws(Errno) -> (node: any Node, handle: any FileHandle) {
    guard let digest = Digest(algorithm, hex: name) else { throw .notPermitted }
    let file = IncomingFile(
      shared, number: shared.incoming.nextNumber(), expectedDigest: digest,
      FileMetadata(permissions: permissions & 0o7777, user: context.user, group: context.group, now: .now))
    return (file, try file.open(OpenRequest(isWriting: true), context))
  }

  /// Deletes a blob that no entry of the index reaches; one that is reached is EBUSY.
  func removeFile(_ name: String, _ context: RequestContext) throws(Errno) {
    guard let digest = Digest(algorithm, hex: name) else { throw .noSuchFileOrDirectory }
    context.willBlock()
    // Found before the blob goes: a name that becomes one after that is of a blob put again.
    let aliases = shared.incoming.files.filter { $0.isAlias(of: digest) }
    try shared.mappingErrors { () throws(CASError) in
      _ = try shared.engine.blobInfo(digest)
      switch try shared.engine.deleteBlobUnlessReachable(digest, cancellation: context.cancellation) {
      case .deleted: return
      case .reachable: break
      case .undecided(let reason): shared.logger.error("delete blob \(digest): \(reason)")
      }
      throw CASError(
        .io(.resourceBusy), operation: "delete blob", subject: digest.description, cause: "the index reaches it, or may"
      )
    }
    for alias in aliases where alias.isAlias(of: digest) { shared.incoming.remove(alias) }
  }

  func entries(_ context: RequestContext) throws(Errno) -> any EntryStream {
    try shared.commits.wait(context)
    shared.willQueryStore(context)
    let listing = try shared.mappingErrors { () throws(CASError) in try shared.engine.listBlobs() }
    return BlobStream(listing, algorithm, shared)
  }
}
