import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// What a store in memory holds; the engines that have it open share it.
final class MemoryStore: Sendable {
  /// A blob: what is stored, and when that was put last.
  struct Blob: Sendable {
    var content: Content
    var modified: Timestamp
  }

  private let blobs = Mutex<[Digest: Blob]>([:])
  private let references = Mutex(ImageIndex())

  /// The stored blob; nobody can change the copy in memory, so it is what was hashed when it was put.
  func blob(_ digest: Digest) -> Blob? {
    blobs.withLock { $0[digest] }
  }

  /// The digests of all blobs, in no order.
  func digests() -> [Digest] {
    blobs.withLock { Array($0.keys) }
  }

  /// Stores content under its digest; what is there already becomes young again.
  func put(_ content: Content, _ digest: Digest) {
    let now = Timestamp.now
    blobs.withLock { (blobs) in
      blobs[digest] = Blob(content: blobs[digest]?.content ?? content, modified: now)
    }
  }

  /// Forgets a blob, if it is there.
  func remove(_ digest: Digest) {
    blobs.withLock { _ = $0.removeValue(forKey: digest) }
  }

  /// Forgets a blob that was put before a moment.
  ///
  /// - Returns: whether it is not there now.
  func remove(_ digest: Digest, ifUnchangedSince moment: Timestamp) -> Bool {
    blobs.withLock { (blobs) in
      if let blob = blobs[digest], blob.modified >= moment { return false }
      blobs[digest] = nil
      return true
    }
  }

  /// Runs `body` with the index while nobody changes it.
  func withReferencesLocked<Result>(_ body: (ImageIndex) throws(CASError) -> Result) throws(CASError) -> Result {
    try references.withLock { (index) throws(CASError) in try body(index) }
  }

  /// The references as an index.
  func index() -> ImageIndex {
    references.withLock { $0 }
  }

  /// Changes the index to what `edit` makes of it, in one step; `nil` changes nothing.
  func edit(
    _ context: OperationContext, _ edit: (ImageIndex) throws(CASError) -> [UInt8]?
  ) throws(CASError) {
    try references.withLock { (index) throws(CASError) in
      guard let content = try edit(index) else { return }
      guard content.count <= ImageIndex.maximumSize else {
        throw CASError(.io(.fileTooLarge), context, cause: "the new index exceeds \(ImageIndex.maximumSize) bytes")
      }
      do throws(InvalidValue) {
        index = try ImageIndex(parsing: content)
      } catch {
        throw .invalid(context, error)
      }
    }
  }
}
