import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// The content of a store in memory, shared by its engines: blobs and references, with one lock each.
final class MemoryStore: Sendable {
  struct Blob: Sendable {
    var content: Content
    /// The time of the last put.
    var modified: Timestamp
  }

  private let blobs = Mutex<[Digest: Blob]>([:])
  private let references = Mutex(ImageIndex())

  /// The stored blob. It was hashed at the commit and cannot change in memory, so reading does not verify it again.
  func blob(_ digest: Digest) -> Blob? {
    blobs.withLock { $0[digest] }
  }

  /// The digests of all blobs, in no particular order.
  func digests() -> [Digest] {
    blobs.withLock { Array($0.keys) }
  }

  /// Stores content under its digest. If the blob is stored already, only its time is set to the present.
  func put(_ content: Content, _ digest: Digest) {
    let now = Timestamp.now
    blobs.withLock { (blobs) in
      blobs[digest] = Blob(content: blobs[digest]?.content ?? content, modified: now)
    }
  }

  /// Removes a blob, if it is stored.
  func remove(_ digest: Digest) {
    blobs.withLock { _ = $0.removeValue(forKey: digest) }
  }

  /// Removes a blob that was last put before a moment.
  ///
  /// - Returns: `false` if the blob is stored and younger.
  func remove(_ digest: Digest, ifUnchangedSince moment: Timestamp) -> Bool {
    blobs.withLock { (blobs) in
      if let blob = blobs[digest], blob.modified >= moment { return false }
      blobs[digest] = nil
      return true
    }
  }

  /// Runs `body` with the references, and with their lock held. `body` must not change references.
  func withReferencesLocked<Result>(_ body: (ImageIndex) throws(CASError) -> Result) throws(CASError) -> Result {
    try references.withLock { (index) throws(CASError) in try body(index) }
  }

  /// The references, as the content of an `index.json`.
  func index() -> ImageIndex {
    references.withLock { $0 }
  }

  /// Replaces the index by the content that `edit` returns, with the lock held; `nil` changes nothing.
  ///
  /// - Throws: `CASError.Code.io(_:)` with EFBIG if the new index is longer than an `index.json` may be.
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
