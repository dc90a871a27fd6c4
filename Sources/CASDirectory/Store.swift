internal import CAS
internal import OCI
internal import Platform
internal import Synchronization
internal import SystemPackage

/// An opened store: what the engine, its stages and its readers share.
final class Store: Sendable {
  let root: OpenFile
  let path: String
  let options: OpenOptions
  let blobs: BlobDirectories
  let references: any ReferenceStore
  let verifier = Verifier()
  private let closed = Atomic(false)
  private let namesTemporaries: Atomic<Bool>

  /// - Parameter namesTemporaries: not to use files without a name even where there are some; for tests.
  init(_ layout: Layout, options: OpenOptions, namesTemporaries: Bool = false) {
    root = layout.root
    path = layout.path
    self.options = options
    blobs = BlobDirectories(layout.root)
    references = layout.references
    self.namesTemporaries = Atomic(namesTemporaries)
  }

  /// Fails after ``close()``.
  func check(_ operation: String, _ subject: String) throws(CASError) {
    guard !closed.load(ordering: .acquiring) else {
      throw CASError(.closed, operation, subject, cause: "the store is closed")
    }
  }

  func close() {
    closed.store(true, ordering: .releasing)
    verifier.close()
  }

  /// A new file for content that is to become a blob.
  func makeTemporary() throws(Errno) -> Temporary {
    if !namesTemporaries.load(ordering: .relaxed) {
      if let unnamed = try Temporary.unnamed(in: root) { return unnamed }
      namesTemporaries.store(true, ordering: .relaxed)
    }
    return try Temporary.named(in: root)
  }

  /// Opens a blob and makes sure of its content, as far as the store was opened to.
  func openVerified(
    _ digest: Digest, _ operation: String, _ cancellation: CancellationToken
  ) throws(CASError) -> (file: OpenFile, identity: FileIdentity) {
    try check(operation, digest.description)
    guard let (file, status) = try blobs.open(digest, operation) else {
      throw .notFound(operation, digest.description)
    }
    guard options.verification != .none else { return (file, status.identity) }
    try cancellation.check(operation, digest.description)
    let identity: FileIdentity
    do throws(CASError) {
      identity = try verifier.verify(
        file, status.identity, is: digest, afresh: options.verification == .always, operation, cancellation)
    } catch {
      // Closing stops the hashing too, and then nobody's token was cancelled.
      if error.code == .cancelled { try check(operation, digest.description) }
      throw error
    }
    return (file, identity)
  }
}

extension BlobInfo {
  /// What a blob's file tells of it; the version stands for the whole identity.
  init(_ identity: FileIdentity) {
    var version: UInt64 = 0
    let parts = [
      identity.device, identity.inode, UInt64(bitPattern: identity.size),
      UInt64(bitPattern: identity.modified.seconds), UInt64(identity.modified.nanoseconds),
      UInt64(bitPattern: identity.changed.seconds), UInt64(identity.changed.nanoseconds),
    ]
    for part in parts {
      // The finishing steps of SplitMix64: every bit of the input changes half of the output's.
      var mixed = (version ^ part) &+ 0x9E37_79B9_7F4A_7C15
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      version = mixed ^ mixed >> 31
    }
    self.init(size: identity.size, modified: identity.modified, version: version)
  }
}
