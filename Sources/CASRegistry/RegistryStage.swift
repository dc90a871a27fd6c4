import CAS
import CASPlatform
import OCI
import SystemPackage

/// A blob in the making: a file of the cache, sent to the registry when it is complete.
final class RegistryStage: BlobStage {
  /// What is complete and not sent.
  private struct Content {
    var address: BlobAddress
    /// Has it also when it went from the cache.
    var file: OpenFile?
  }

  private let repository: Repository
  private let local: any FileBackedStage
  private let complete = Monitor<Content?>(nil)

  init(_ repository: Repository, _ local: any FileBackedStage) {
    self.repository = repository
    self.local = local
  }

  var size: Int64 { local.size }

  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    try local.write(bytes, at: offset)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    try local.read(into: &buffer, at: offset)
  }

  func truncate(to size: Int64) throws(CASError) {
    try local.truncate(to: size)
  }

  func synchronize() throws(CASError) {
    try local.synchronize()
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    try repository.check(OperationContext("put blob", on: repository.address.description, cancellation: cancellation))
    let content: Content
    // After an upload that failed it can be tried again.
    if let known = complete.withLock({ $0 }) {
      try expectation.check(known.address)
      content = known
    } else {
      let file = local.file
      content = Content(address: try local.commit(expecting: expectation, cancellation: cancellation), file: file)
      complete.withLock { $0 = content }
    }
    let address = content.address
    try repository.upload(
      address, content.file, OperationContext("put blob", on: address.digest, cancellation: cancellation))
    complete.withLock { $0 = nil }
    repository.cache.didInsert(address.size)
    return address
  }

  func discard() {
    complete.withLock { $0 = nil }
    local.discard()
  }
}

extension Repository {
  /// Makes sure that the registry has a blob.
  ///
  /// - Parameter file: has its content; without, that is in the cache.
  fileprivate func upload(_ address: BlobAddress, _ file: OpenFile?, _ context: OperationContext) throws(CASError) {
    var file = file
    if file == nil { file = try cache.file(address.digest, context)?.file }
    guard let file else {
      throw CASError(.io(.ioError), context, cause: "it went from the cache before it could be sent")
    }
    // Whatever was known, another may have deleted it since.
    if try client.headBlob(address.digest, context) != address.size {
      try client.upload(file, from: 0, address, context)
    }
    cache.note(address.digest)
    known.remember(address.digest, KnownContent.Entry(size: address.size, isManifest: false, mediaType: nil))
  }
}
