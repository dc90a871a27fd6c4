import CAS
import OCI
import Synchronization
import SystemPackage

/// A blob in the making, whose content belongs to this object until it is committed.
final class MemoryStage: BlobStage {
  private let engine: MemoryEngine
  private let algorithm: Digest.Algorithm
  private let context: OperationContext
  /// `nil` after ``commit(expecting:cancellation:)`` or ``discard()``.
  private let content: Mutex<Content?>

  init(_ engine: MemoryEngine, _ algorithm: Digest.Algorithm, _ content: Content, _ context: OperationContext) {
    self.engine = engine
    self.algorithm = algorithm
    self.context = context
    self.content = Mutex(content)
  }

  var size: Int64 { content.withLock { $0?.size ?? 0 } }

  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    try check(offset: offset)
    guard !offset.addingReportingOverflow(Int64(bytes.count)).overflow else {
      throw CASError(.fileTooLarge, context)
    }
    try content.withLock { (content) throws(CASError) in
      // Taken out of the optional, so that it has one reference and is changed in place.
      guard var changed = content.take() else { throw ended }
      changed.write(bytes, at: offset)
      content = changed
    }
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    try check(offset: offset)
    guard let content = content.withLock({ $0 }) else { throw ended }
    return content.read(into: &buffer, at: offset)
  }

  func truncate(to size: Int64) throws(CASError) {
    try engine.checkOpen(context)
    guard size >= 0 else { throw CASError(.invalid, context, cause: "negative length: \(size)") }
    try content.withLock { (content) throws(CASError) in
      guard var changed = content.take() else { throw ended }
      changed.truncate(to: size)
      content = changed
    }
  }

  func writeOut() throws(CASError) {
    try engine.checkOpen(context)
    guard content.withLock({ $0 != nil }) else { throw ended }
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    try engine.checkOpen(context)
    let context = OperationContext(context.operation, on: context.subject, cancellation: cancellation)
    return try content.withLock { (content) throws(CASError) in
      guard let finished = content else { throw ended }
      try context.checkCancellation()
      let digest = try finished.digest(algorithm, context)
      let address = BlobAddress(digest: digest, size: finished.size)
      try expectation.check(address)
      try engine.publish(finished, as: digest, context.on(digest))
      content = nil
      return address
    }
  }

  func discard() {
    content.withLock { $0 = nil }
  }

  private func check(offset: Int64) throws(CASError) {
    try engine.checkOpen(context)
    guard offset >= 0 else { throw CASError(.invalid, context, cause: "negative offset: \(offset)") }
  }

  private var ended: CASError { CASError(.closed, context, cause: "already committed or discarded") }
}
