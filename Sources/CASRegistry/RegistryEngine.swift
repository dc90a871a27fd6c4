import CAS
import CASPlatform
import OCI
import SystemPackage

/// The engine of a registry's repository.
final class RegistryEngine: WholeFileEngine, RemoteEngine, ContentVerifying, StageTransferring {
  let uri: String
  let driverName = "docker"
  let isWritable: Bool
  let repository: Repository
  /// Whether the registry can delete tags; `nil` until the first move of a reference.
  let supportsTagDeletion = Monitor<Bool?>(nil)

  init(_ repository: Repository, isWritable: Bool) {
    uri = repository.address.description
    self.repository = repository
    self.isWritable = isWritable
  }

  func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    let context = OperationContext("put blob", on: base?.description ?? uri)
    try checkWritable(context)
    // The stage copies from the cache.
    if let base { _ = try repository.file(base, downloading: true, context) }
    return RegistryStage(repository, try repository.cache.stage(algorithm, copying: base))
  }

  func resumeStage(_ content: StagedContent) throws(CASError) -> any BlobStage {
    try checkWritable(OperationContext("put blob", on: uri))
    return RegistryStage(repository, try repository.cache.resumeStage(content))
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    if let file = try repository.file(digest, downloading: repository.verification != .never, context) {
      return BlobFileReader(digest, file.file, from: file.offset, size: file.info.size)
    }
    let entry = try repository.entry(of: digest, context)
    // A manifest is short, and is downloaded and verified as a whole.
    if entry.isManifest, let file = try repository.file(digest, downloading: true, context) {
      return BlobFileReader(digest, file.file, from: file.offset, size: file.info.size)
    }
    return RangeReader(digest, size: entry.size, repository)
  }

  func blobFile(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobFile? {
    try repository.file(
      digest, downloading: repository.verification != .never,
      OperationContext("open blob", on: digest, cancellation: cancellation))
  }

  func info(of file: BlobFile) throws(CASError) -> BlobInfo {
    var info = try repository.cache.info(of: file)
    info.modified = Self.unknownTime
    return info
  }

  func isProbablyVerified(_ digest: Digest, version: UInt64?) -> Bool {
    repository.cache.info(digest) != nil && repository.cache.isProbablyVerified(digest, version: version)
  }

  var isOnStackedFileSystem: Bool { repository.cache.isOnStackedFileSystem }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let entry = try repository.entry(
      of: digest, OperationContext("look up blob", on: digest, cancellation: cancellation))
    // Cached and not cached are two versions, because a mount reads them in different ways.
    let cached = repository.cache.info(digest)
    return BlobInfo(
      size: entry.size, modified: Self.unknownTime, version: cached?.version ?? 0, allocatedSize: cached?.allocatedSize)
  }

  func storedBlobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    guard repository.sources.hasMirrors else { return try blobInfo(digest, cancellation: cancellation) }
    let context = OperationContext("look up blob", on: digest, cancellation: cancellation)
    let entry = try repository.storedEntry(of: digest, context)
    return BlobInfo(size: entry.size, modified: Self.unknownTime, version: repository.cache.info(digest)?.version ?? 0)
  }

  func isKnown(_ digest: Digest) -> Bool { repository.knownContent[digest] != nil }

  /// The modification time of all content, since registries report none.
  static let unknownTime = Timestamp(seconds: 0, nanoseconds: 0)

  func deleteBlob(_ digest: Digest) throws(CASError) {
    let context = OperationContext("delete blob", on: digest)
    try checkWritable(context)
    repository.knownContent.forget(digest)
    if try repository.client.isManifest(digest, context) {
      throw CASError(
        .notImplemented, context,
        cause: "\(repository.address.repositoryName): deleting a manifest would delete its tags")
    }
    if try repository.client.findBlob(digest, expecting: nil, needsSize: false, context) == nil { return }
    try repository.client.delete(digest, context)
    repository.knownContent.forget(digest)
  }

  /// Hashes the registry's copy, whether or not it is cached.
  func verifyBlob(
    _ digest: Digest, cancellation: CancellationToken, progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) {
    let context = OperationContext("verify blob", on: digest, cancellation: cancellation)
    let entry = try repository.entry(of: digest, context)
    try repository.sources.read(.digest(digest), context) { (source) throws(CASError) in
      if entry.isManifest {
        let manifest = try source.client.manifest(digest.description, expecting: digest, context)
        return try progress(manifest.descriptor.size)
      }
      var digester = Digester(digest.algorithm)
      _ = try source.client.download(digest, size: entry.size, context) { (bytes) throws(CASError) in
        digester.update(bytes)
        try progress(digester.count)
      }
      if let actual = digester.digest, actual != digest {
        throw .corrupt(context, expected: digest, actual: actual)
      }
    }
  }

  func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    try checkWritable(OperationContext("clean", on: uri, cancellation: cancellation))
    return try repository.cache.clean(cancellation)
  }

  func close() {
    repository.close()
  }

  func checkWritable(_ context: OperationContext) throws(CASError) {
    try repository.checkOpen(context)
    guard isWritable else { throw .readOnly(context) }
  }
}
