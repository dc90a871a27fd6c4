import CAS
import CASPlatform
import OCI
import Synchronization
import SystemPackage

/// An opened store in memory. Engines of one name share a ``MemoryStore``, but are closed each on its own.
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

  func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    let context = OperationContext("put blob", on: uri)
    try checkWritable(context)
    let content = try base.map { (base) throws(CASError) in try stored(base, context.on(base)).content }
    return MemoryStage(self, algorithm, content ?? Content(), context)
  }

  /// Stores the content of a stage under its digest.
  func publish(_ content: Content, as digest: Digest, _ context: OperationContext) throws(CASError) {
    try checkWritable(context)
    store.put(content, digest)
  }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    let context = OperationContext("read blob", on: digest, cancellation: cancellation)
    try context.checkCancellation()
    return MemoryReader(digest, try stored(digest, context).content, context)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    let blob = try stored(digest, OperationContext("look up blob", on: digest))
    return BlobInfo(size: blob.content.size, modified: blob.modified, version: 0)
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    try checkOpen(OperationContext("list blobs", on: uri))
    return ArrayListing(store.digests())
  }

  func deleteBlob(_ digest: Digest) throws(CASError) {
    try checkWritable(OperationContext("delete blob", on: digest))
    store.remove(digest)
  }

  func deleteBlob(_ digest: Digest, ifUnchangedSince moment: Timestamp) throws(CASError) -> Bool {
    try checkWritable(OperationContext("delete blob", on: digest))
    return store.remove(digest, ifUnchangedSince: moment)
  }

  func withReferencesLocked<Result>(
    _ context: OperationContext, _ body: (ImageIndex) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    try checkWritable(context)
    try context.checkCancellation()
    return try store.withReferencesLocked(body)
  }

  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("put reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    try context.checkCancellation()
    try store.edit(context) { (index) throws(CASError) in
      if let entry = index.entry(named: name) {
        if (try? entry.descriptor.get()) == descriptor { return nil }
        guard replacing else { throw .clobber(context) }
      } else {
        try context.checkGrammar(of: name)
      }
      return index.setting(descriptor, named: name)
    }
  }

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    let context = OperationContext("get reference", on: name)
    try checkOpen(context)
    guard let entry = store.index().entry(named: name) else { throw .notFound(context) }
    do throws(InvalidValue) {
      return try entry.descriptor.get().named(nil)
    } catch {
      throw .invalid(context, error)
    }
  }

  func listReferences() throws(CASError) -> [Reference] {
    try checkOpen(OperationContext("list references", on: uri))
    return store.index().references
  }

  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("move reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    try context.checkCancellation()
    try store.edit(context) { (index) throws(CASError) in
      guard index.entry(named: name) != nil else { throw .notFound(context) }
      if index.entry(named: other) == nil {
        try context.checkGrammar(of: other)
      } else if !replacing {
        throw .clobber(context.on(other))
      }
      return index.moving(name, to: other)
    }
  }

  func changeIndex(
    _ change: IndexChange, refusesConflicts: Bool, cancellation: CancellationToken
  ) throws(CASError) -> [IndexMerge.Conflict] {
    let context = OperationContext("change index", on: uri, cancellation: cancellation)
    try checkWritable(context)
    try context.checkCancellation()
    var conflicts: [IndexMerge.Conflict] = []
    try store.edit(context) { (index) throws(CASError) in
      let merge = try context.merge(change, with: index.text, refusesConflicts: refusesConflicts)
      conflicts = merge.conflicts
      return merge.pieces.hasBytes(of: index.content) ? nil : merge.content
    }
    return conflicts
  }

  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    let context = OperationContext("delete reference", on: name, cancellation: cancellation)
    try checkWritable(context)
    try context.checkCancellation()
    try store.edit(context) { (index) in index.removing(name) }
  }

  func index() throws(CASError) -> ImageIndex {
    try checkOpen(OperationContext("read index", on: uri))
    return store.index()
  }

  /// Removes nothing: the content of an abandoned stage is freed with the stage.
  func clean(cancellation: CancellationToken) throws(CASError) -> Int {
    let context = OperationContext("clean", on: uri, cancellation: cancellation)
    try checkWritable(context)
    try context.checkCancellation()
    return 0
  }

  func close() {
    isClosed.store(true, ordering: .releasing)
  }

  /// Fails after ``close()``.
  ///
  /// - Throws: `CASError.Code.closed`.
  func checkOpen(_ context: OperationContext) throws(CASError) {
    guard !isClosed.load(ordering: .acquiring) else { throw .closed(context) }
  }

  private func checkWritable(_ context: OperationContext) throws(CASError) {
    try checkOpen(context)
    guard isWritable else { throw .readOnly(context) }
  }

  private func stored(_ digest: Digest, _ context: OperationContext) throws(CASError) -> MemoryStore.Blob {
    try checkOpen(context)
    guard let blob = store.blob(digest) else { throw .notFound(context) }
    return blob
  }
}
