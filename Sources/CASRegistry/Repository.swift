import CAS
import CASPlatform
import Logging
import OCI
import Synchronization
import SystemPackage

/// An open repository: the clients, the cache, and the downloads that engine, stages and readers share.
final class Repository: Sendable {
  /// The address by which the repository was opened.
  let address: RegistryAddress
  let sources: RepositorySources
  let cache: BlobCache
  let verification: Verification
  let knownContent = KnownContent()
  /// Downloads of a blob that other processes evict before it can be opened.
  private static let maximumAttempts = 3
  private let downloads = DownloadCoalescer()
  private let closed = Atomic(false)
  private let logger = Logger(label: "casfs")

  init(_ address: RegistryAddress, _ sources: RepositorySources, _ cache: BlobCache, _ verification: Verification) {
    self.address = address
    self.sources = sources
    self.cache = cache
    self.verification = verification
  }

  /// The client of the registry itself, which is written to.
  var client: RegistryClient { sources.primary.client }

  /// Checks that the repository is open, and the operation is not cancelled.
  ///
  /// - Throws: `CASError.Code.closed` or `cancelled`.
  func checkOpen(_ context: OperationContext) throws(CASError) {
    guard !closed.load(ordering: .acquiring) else { throw .closed(context) }
    try context.checkCancellation()
  }

  func close() {
    closed.store(true, ordering: .releasing)
    downloads.close()
    cache.close()
  }

  /// Looks a digest up, as a blob or as a manifest. While the registry is unreachable, a cached copy that was seen in
  /// this repository counts.
  ///
  /// - Throws: `CASError.Code.notFound` if the registry has neither.
  func entry(of digest: Digest, _ context: OperationContext) throws(CASError) -> KnownContent.Entry {
    try checkOpen(context)
    if let entry = knownContent[digest] { return entry }
    do throws(CASError) {
      let entry = try fetchEntry(digest, context)
      knownContent.remember(digest, entry)
      return entry
    } catch {
      guard error.code == .io(.ioError), client.isUnreachable, let info = cache.infoIfSeenInRepository(digest) else {
        throw error
      }
      return KnownContent.Entry(size: info.size, isManifest: false, mediaType: nil)
    }
  }

  private func fetchEntry(_ digest: Digest, _ context: OperationContext) throws(CASError) -> KnownContent.Entry {
    try sources.read(.digest(digest), context) { (source) throws(CASError) in
      try fetchEntry(digest, from: source, context)
    }
  }

  func fetchEntry(
    _ digest: Digest, from source: RepositorySources.Source, _ context: OperationContext
  ) throws(CASError) -> KnownContent.Entry {
    let client = source.client
    let stated = knownContent.statedSize(of: digest)
    if let found = try client.findBlob(digest, expecting: stated, needsSize: stated == nil, context) {
      let told = found.size ?? stated
      let size = if let told { told } else { try downloadedSize(of: digest, from: client, context) }
      return KnownContent.Entry(size: size, isManifest: false, mediaType: nil, isMirrored: source.isMirror)
    }
    let found = try client.headManifest(digest.description, context)
    if let size = found?.size, size > 0, size == stated ?? cache.info(digest)?.size {
      return KnownContent.Entry(
        size: size, isManifest: true, mediaType: found?.mediaType, isMirrored: source.isMirror)
    }
    let manifest = try fetchManifest(digest.description, expecting: digest, from: source, context)
    return KnownContent.Entry(
      size: manifest.size, isManifest: true, mediaType: manifest.mediaType, isMirrored: source.isMirror)
  }

  /// Opens content as a file of the cache, after a download if it is not cached.
  ///
  /// - Parameter isDownloaded: `false` returns `nil` for content that is not cached.
  func file(_ digest: Digest, downloading isDownloaded: Bool, _ context: OperationContext) throws(CASError) -> BlobFile?
  {
    let entry = try entry(of: digest, context)
    if let file = try cache.file(digest, context) {
      cache.recordUse(of: digest)
      if entry.isManifest { rememberSizes(in: file, digest, entry) }
      return file
    }
    guard isDownloaded else { return nil }
    for _ in 0..<Self.maximumAttempts {
      let pinned = try downloads.run(digest, context) { [self] (stop) throws(CASError) in
        let context = OperationContext("read blob", on: digest, cancellation: stop)
        if entry.isManifest {
          _ = try fetchManifest(digest, context)
          return nil
        }
        return try download(digest, entry, context)
      }
      defer { withExtendedLifetime(pinned) {} }
      if let file = try cache.file(digest, context) {
        cache.recordUse(of: digest)
        cache.didInsert(bytes: entry.size)
        return file
      }
    }
    throw CASError(.io(.ioError), context, cause: "cached copy evicted before it could be opened")
  }

  /// Downloads a manifest by tag or digest from one source, and stores it in the cache.
  func fetchManifest(
    _ reference: String, expecting digest: Digest?, from source: RepositorySources.Source, _ context: OperationContext
  ) throws(CASError) -> Descriptor {
    let manifest: FetchedManifest
    do throws(CASError) {
      manifest = try source.client.manifest(reference, expecting: digest, context)
    } catch {
      logCorruption(error)
      throw error
    }
    let descriptor = manifest.descriptor
    rememberSizes(in: manifest.content, descriptor.mediaType)
    if cache.info(descriptor.digest)?.size != descriptor.size {
      cache.discard(descriptor.digest)
      let stage = try cache.stage(descriptor.digest.algorithm, copying: nil)
      try stage.write(manifest.content.span, at: 0)
      _ = try stage.commit(expecting: BlobExpectation(digest: descriptor.digest), cancellation: context.cancellation)
    }
    if knownContent[descriptor.digest]?.mediaType == nil {
      knownContent.remember(
        descriptor.digest,
        KnownContent.Entry(
          size: descriptor.size, isManifest: true, mediaType: descriptor.mediaType, isMirrored: source.isMirror))
    }
    return descriptor
  }

  /// Downloads a blob into the cache, hashed as it arrives.
  ///
  /// - Parameter size: the length that was stated. Another one is accepted, because the digest is compared.
  /// - Returns: the file that pins it until it is closed.
  /// - Throws: `CASError.Code.corrupt` if the content has another digest.
  func download(
    _ digest: Digest, _ size: Int64?, from client: RegistryClient, _ context: OperationContext
  ) throws(CASError) -> OpenFile? {
    let stage = try cache.stage(digest.algorithm, copying: nil)
    do throws(CASError) {
      var offset: Int64 = 0
      let (length, encodingHint) = try client.download(digest, size: size, context) { (bytes) throws(CASError) in
        try stage.write(bytes, at: offset)
        offset += Int64(bytes.count)
      }
      let pinned = cache.pin(stage)
      do throws(CASError) {
        _ = try stage.commit(
          expecting: BlobExpectation(digest: digest, size: length), cancellation: context.cancellation)
        if size != length {
          knownContent.remember(
            digest,
            KnownContent.Entry(
              size: length, isManifest: false, mediaType: nil, isMirrored: client !== self.client))
        }
        return pinned
      } catch {
        guard error.code == .mismatch else { throw error }
        let failure = try Self.corruption(stage, digest, client.address, encodingHint, context)
        logCorruption(failure)
        throw failure
      }
    } catch {
      stage.discard()
      // The registry may have deleted or replaced the content.
      knownContent.forget(digest)
      throw error
    }
  }

  private static func corruption(
    _ stage: any BlobStage, _ digest: Digest, _ address: RegistryAddress, _ encodingHint: String,
    _ context: OperationContext
  ) throws(CASError) -> CASError {
    var digester = Digester(digest.algorithm)
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      var span = chunk.mutableSpan
      let count = try stage.read(into: &span, at: digester.count)
      if count == 0 { break }
      digester.update(chunk.span.extracting(first: count))
    }
    let actual = digester.digest ?? digest
    return CASError(
      .corrupt, context,
      cause: "\(address.repositoryName): corrupt: received content has the digest \(actual)\(encodingHint)",
      corruption: CASError.Corruption(expected: digest, actual: actual))
  }

  private func logCorruption(_ error: CASError) {
    if error.code == .corrupt { logger.error("\(error)") }
  }

  /// Resolves a tag to a descriptor, without downloading a manifest that is cached.
  func descriptor(ofTag tag: String, _ context: OperationContext) throws(CASError) -> Descriptor {
    try checkOpen(context)
    return try sources.read(.tag(tag), context) { (source) throws(CASError) in
      try descriptor(ofTag: tag, from: source, context)
    }
  }

  func descriptor(
    ofTag tag: String, from source: RepositorySources.Source, _ context: OperationContext
  ) throws(CASError) -> Descriptor {
    let client = source.client
    if let found = try client.headManifest(tag, context), let digest = found.digest, let size = found.size,
      let type = found.mediaType ?? knownContent[digest]?.mediaType, cache.info(digest)?.size == size
    {
      knownContent.remember(
        digest, KnownContent.Entry(size: size, isManifest: true, mediaType: type, isMirrored: source.isMirror))
      return Descriptor(mediaType: type, digest: digest, size: size)
    }
    // Also if the tag does not exist: the response to GET, unlike HEAD, has an error message.
    let descriptor = try fetchManifest(tag, expecting: nil, from: source, context)
    cache.didInsert(bytes: descriptor.size)
    return descriptor
  }
}
