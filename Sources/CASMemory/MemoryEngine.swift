import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// One opening of a store in memory.
final class MemoryEngine: Engine, GarbageCollectable {
  let uri: String
  let driverName = "mem"
  let isWritable: Bool
  private let store: MemoryStore
  private let isClosed = Atomic(false)

  init(_ store: MemoryStore, uri: String, isWritable: Bool) {
    self.store = store
    self.uri = uri
    self.isWritable = isWritable
  }

  func stageBlob(_ algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    try checkWritable("put blob", uri)
    var content = Content()
    if let base { content = try stored(base, "put blob").content }
    return MemoryStage(self, algorithm, content)
  }

  /// Makes content visible under its digest.
  func publish(_ content: Content, _ address: BlobAddress) throws(CASError) {
    try checkWritable("put blob", address.digest.description)
    store.put(content, address.digest)
  }

  func blob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    try cancellation.check("read blob", digest.description)
    return MemoryReader(digest, try stored(digest, "read blob").content)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let blob = try stored(digest, "look up blob")
    return BlobInfo(size: blob.content.size, modified: blob.modified, version: 0)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    try checkOpen("list blobs", uri)
    return ArrayListing(store.digests())
  }

  func deleteBlob(_ digest: Digest) throws(CASError) {
    try checkWritable("delete blob", digest.description)
    store.remove(digest)
  }

  func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool {
    try checkWritable("delete blob", digest.description)
    return store.remove(digest, ifUnchangedSince: moment)
  }

  func withReferencesLocked<Result>(
    _ operation: String, cancellation: CancellationToken, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try checkWritable(operation, uri)
    try cancellation.check(operation, uri)
    return try store.holding(body)
  }

  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let operation = "put reference"
    try checkWritable(operation, name.description)
    try cancellation.check(operation, name.description)
    try store.edit(operation, name.description) { (index) throws(CASError) in
      if let entry = index.entry(named: name) {
        if (try? entry.descriptor.get()) == descriptor { return nil }
        guard replacing else { throw CASError.clobber(operation, name.description) }
      } else if !name.isGrammatical {
        throw CASError(.invalid, operation, name.description, cause: "the specification allows no such name")
      }
      return index.setting(descriptor, named: name)
    }
  }

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    try checkOpen("get reference", name.description)
    guard let entry = store.index().entry(named: name) else {
      throw CASError.notFound("get reference", name.description)
    }
    do throws(InvalidValue) {
      return try entry.descriptor.get().named(nil)
    } catch {
      throw CASError.invalid("get reference", name.description, error)
    }
  }

  func listReferences() throws(CASError) -> [Reference] {
    try checkOpen("list references", uri)
    return store.index().references
  }

  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let operation = "move reference"
    try checkWritable(operation, name.description)
    try cancellation.check(operation, name.description)
    try store.edit(operation, name.description) { (index) throws(CASError) in
      guard index.entry(named: name) != nil else { throw CASError.notFound(operation, name.description) }
      if index.entry(named: other) == nil {
        guard other.isGrammatical else {
          throw CASError(.invalid, operation, other.description, cause: "the specification allows no such name")
        }
      } else if !replacing {
        throw CASError.clobber(operation, other.description)
      }
      return index.moving(name, to: other)
    }
  }

  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    try checkWritable("delete reference", name.description)
    try cancellation.check("delete reference", name.description)
    try store.edit("delete reference", name.description) { (index) in index.removing(name) }
  }

  func index() throws(CASError) -> ImageIndex {
    try checkOpen("read index", uri)
    return store.index()
  }

  /// Nothing is left behind in memory: a stage's content goes with the stage.
  func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    try checkWritable("clean", uri)
    try cancellation.check("clean", uri)
    return 0
  }

  func close() {
    isClosed.store(true, ordering: .releasing)
  }

  /// Fails once the engine is closed.
  func checkOpen(_ operation: String, _ subject: String) throws(CASError) {
    guard !isClosed.load(ordering: .acquiring) else {
      throw CASError.closed(operation, subject)
    }
  }

  private func checkWritable(_ operation: String, _ subject: String) throws(CASError) {
    try checkOpen(operation, subject)
    guard isWritable else { throw CASError.readOnly(operation, subject) }
  }

  private func stored(_ digest: Digest, _ operation: String) throws(CASError) -> MemoryStore.Blob {
    try checkOpen(operation, digest.description)
    guard let blob = store.blob(digest) else { throw CASError.notFound(operation, digest.description) }
    return blob
  }
}
