import CAS
import CASPlatform
import OCI
import SystemPackage

/// A stage in the cache, which is uploaded when it is committed.
final class RegistryStage: FileBackedStage, TransferableStage {
  /// Content that is committed to the cache, but not uploaded yet.
  private struct PendingUpload {
    var address: BlobAddress
    /// Keeps the content readable if it is evicted.
    var file: OpenFile?
  }

  private let repository: Repository
  private let localStage: any FileBackedStage
  private let pendingUpload = Monitor<PendingUpload?>(nil)

  init(_ repository: Repository, _ localStage: any FileBackedStage) {
    self.repository = repository
    self.localStage = localStage
  }

  var size: Int64 { localStage.size }
  var file: OpenFile? { localStage.file }

  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    try localStage.write(bytes, at: offset)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    try localStage.read(into: &buffer, at: offset)
  }

  func truncate(to size: Int64) throws(CASError) {
    try localStage.truncate(to: size)
  }

  func writeOut() throws(CASError) {
    try localStage.writeOut()
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    let context = OperationContext("put blob", on: repository.address.description, cancellation: cancellation)
    try repository.checkOpen(context)
    let upload: PendingUpload
    // A commit after a failed upload uploads again.
    if let known = pendingUpload.withLock({ $0 }) {
      try expectation.check(known.address)
      upload = known
    } else {
      let file = localStage.file
      upload = PendingUpload(
        address: try localStage.commit(expecting: expectation, cancellation: cancellation), file: file)
      pendingUpload.withLock { $0 = upload }
    }
    let address = upload.address
    try repository.upload(address, upload.file, context.on(address.digest))
    pendingUpload.withLock { $0 = nil }
    repository.cache.didInsert(bytes: address.size)
    return address
  }

  var stagedContent: StagedContent {
    guard let stage = localStage as? any TransferableStage else {
      return StagedContent(algorithm: .sha256, size: size, file: nil, failure: .notSupportedOnSocket)
    }
    var content = stage.stagedContent
    // The content has its name in the cache already, so it must not be written again.
    if pendingUpload.withLock({ $0 }) != nil { (content.file, content.failure) = (nil, .ioError) }
    return content
  }

  func discard() {
    pendingUpload.withLock { $0 = nil }
    localStage.discard()
  }
}

extension Repository {
  /// Uploads a blob, unless the registry has it.
  ///
  /// - Parameter file: a file with the content; `nil` reads it from the cache.
  fileprivate func upload(_ blob: BlobAddress, _ file: OpenFile?, _ context: OperationContext) throws(CASError) {
    var file = file
    if file == nil { file = try cache.file(blob.digest, context)?.file }
    guard let file else {
      throw CASError(.io(.ioError), context, cause: "cached copy evicted before it could be uploaded")
    }
    // Asks the registry each time, because another client may have deleted the blob.
    if try !isStored(blob, context) { try client.upload(file, from: 0, blob, context) }
    cache.recordUse(of: blob.digest)
    knownContent.remember(blob.digest, KnownContent.Entry(size: blob.size, isManifest: false, mediaType: nil))
  }

  /// Whether the registry has a blob, as far as it tells.
  private func isStored(_ blob: BlobAddress, _ context: OperationContext) throws(CASError) -> Bool {
    do throws(CASError) {
      guard let found = try client.findBlob(blob.digest, expecting: blob.size, needsSize: false, context) else {
        return false
      }
      return (found.size ?? blob.size) == blob.size
    } catch {
      // The registry refuses the question, perhaps to an account that may only push.
      guard error.isRefusal else { throw error }
      return false
    }
  }
}
