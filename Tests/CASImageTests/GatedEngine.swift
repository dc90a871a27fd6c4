import CAS
import CASPlatform
import OCI

/// A store over another, in which a blob can be held back and damaged.
final class GatedEngine: ReadOnlyEngine {
  private struct State {
    /// Blobs whose readers wait.
    var held: Set<Digest> = []
    /// How many reads of held blobs wait.
    var waiting = 0
    /// How many times a blob was read from its start.
    var passes: [Digest: Int] = [:]
    /// A byte of each damaged blob that reads as another.
    var damage: [Digest: Int64] = [:]
  }

  private final class GatedReader: BlobReader {
    let base: any BlobReader
    let engine: GatedEngine

    init(_ base: any BlobReader, _ engine: GatedEngine) {
      self.base = base
      self.engine = engine
    }

    var digest: Digest { base.digest }
    var size: Int64 { base.size }

    func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
      engine.pass(digest, offset, buffer.count)
      let count = try base.read(into: &buffer, at: offset)
      if let place = engine.damage(of: digest), place >= offset, place < offset + Int64(count) {
        buffer[Int(place - offset)] ^= 1
      }
      return count
    }
  }

  private let base: any Engine
  private let state = Monitor(State())

  init(_ base: any Engine) {
    self.base = base
  }

  /// Makes reads of a blob wait until it is released.
  func hold(_ digest: Digest) { state.withLock { _ = $0.held.insert(digest) } }

  func release(_ digest: Digest) { state.withLock { _ = $0.held.remove(digest) } }

  /// Waits until a read of a held blob waits.
  func waitForRead() -> Bool { state.wait(for: .seconds(60)) { $0.waiting > 0 } }

  /// How many times a blob was read from its start by a pass over all of it.
  func passes(of digest: Digest) -> Int { state.withLock { $0.passes[digest] ?? 0 } }

  /// Makes a byte of a blob read as another.
  func damage(_ digest: Digest, at place: Int64?) { state.withLock { $0.damage[digest] = place } }

  private func damage(of digest: Digest) -> Int64? { state.withLock(notifying: .none) { $0.damage[digest] } }

  private func pass(_ digest: Digest, _ offset: Int64, _ count: Int) {
    state.withLock { (state) in
      // The first read of a pass is that of the first bytes, which tell the compression.
      if offset == 0, count == 512 { state.passes[digest, default: 0] += 1 }
      if state.held.contains(digest) { state.waiting += 1 }
    }
    state.wait(until: { !$0.held.contains(digest) }, then: { $0.waiting = 0 })
  }

  // MARK: The store

  var uri: String { base.uri }
  var driverName: String { base.driverName }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    GatedReader(try base.openBlob(digest, cancellation: cancellation), self)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    try base.blobInfo(digest, cancellation: cancellation)
  }

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor { try base.reference(named: name) }
  func listReferences() throws(CASError) -> [Reference] { try base.listReferences() }
  func listBlobs() throws(CASError) -> any BlobListing { try base.listBlobs() }
  func index() throws(CASError) -> ImageIndex { try base.index() }
  func checkOpen(_ context: OperationContext) throws(CASError) {}
  func close() {}
}
