import CAS
import CASMemory
import CASPlatform
import OCI
import SystemPackage

/// A store in memory whose writes and commits fail, or block, when a test says so.
final class FaultyEngine: Engine {
  struct Faults {
    /// The error of writes and truncations.
    var write: Errno?
    /// The error of writing content out.
    var writeOut: Errno?
    /// The error of commits.
    var commit: Errno?
    /// An action before the next read of content that is written.
    var beforeRead: (@Sendable () -> Void)?
    /// How many stages were asked to hash their content at the commit.
    var deferrals = 0
    /// Whether commits block.
    var isHolding = false
    /// How many commits have begun.
    var commits = 0
  }

  let faults = Monitor(Faults())
  private let store: any Engine

  init() throws {
    store = try MemoryDriver().create("mem:", options: CreateOptions())
  }

  /// Changes which calls fail.
  func fail(_ change: (inout Faults) -> Void) { faults.withLock { change(&$0) } }

  /// Blocks commits from now on.
  func hold() { faults.withLock { $0.isHolding = true } }

  /// Lets blocked commits go on.
  func resume() { faults.withLock { $0.isHolding = false } }

  /// Waits until so many commits have begun.
  func waitForCommits(_ count: Int) -> Bool { faults.wait(for: .seconds(60)) { $0.commits >= count } }

  func stageBlob(algorithm: Digest.Algorithm, copying base: Digest?) throws(CASError) -> any BlobStage {
    FaultyStage(try store.stageBlob(algorithm: algorithm, copying: base), faults)
  }

  var uri: String { store.uri }
  var driverName: String { store.driverName }
  var isWritable: Bool { store.isWritable }

  func openBlob(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> any BlobReader {
    try store.openBlob(digest, cancellation: cancellation)
  }

  func blobInfo(_ digest: Digest, cancellation: CancellationToken) throws(CASError) -> BlobInfo {
    try store.blobInfo(digest, cancellation: cancellation)
  }

  func listBlobs() throws(CASError) -> any BlobListing { try store.listBlobs() }
  func deleteBlob(_ digest: Digest) throws(CASError) { try store.deleteBlob(digest) }

  func putReference(
    _ descriptor: Descriptor, named name: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try store.putReference(descriptor, named: name, replacing: replacing, cancellation: cancellation)
  }

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor { try store.reference(named: name) }
  func listReferences() throws(CASError) -> [Reference] { try store.listReferences() }

  func deleteReference(named name: ReferenceName, cancellation: CancellationToken) throws(CASError) {
    try store.deleteReference(named: name, cancellation: cancellation)
  }

  func moveReference(
    named name: ReferenceName, to other: ReferenceName, replacing: Bool, cancellation: CancellationToken
  ) throws(CASError) {
    try store.moveReference(named: name, to: other, replacing: replacing, cancellation: cancellation)
  }

  func index() throws(CASError) -> ImageIndex { try store.index() }
  func clean(cancellation: CancellationToken) throws(CASError) -> Int { try store.clean(cancellation: cancellation) }
  func close() { store.close() }
}

/// A stage of a ``FaultyEngine``.
private final class FaultyStage: EagerHashingStage {
  private let stage: any BlobStage
  private let faults: Monitor<FaultyEngine.Faults>

  init(_ stage: any BlobStage, _ faults: Monitor<FaultyEngine.Faults>) {
    self.stage = stage
    self.faults = faults
  }

  private func check(_ error: Errno?) throws(CASError) {
    if let error { throw CASError(error, OperationContext("put blob", on: "a test\'s blob")) }
  }

  var size: Int64 { stage.size }

  func write(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    try check(faults.withLock { $0.write })
    try stage.write(bytes, at: offset)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    let action = faults.withLock { faults in
      defer { faults.beforeRead = nil }
      return faults.beforeRead
    }
    action?()
    return try stage.read(into: &buffer, at: offset)
  }

  func truncate(to size: Int64) throws(CASError) {
    try check(faults.withLock { $0.write })
    try stage.truncate(to: size)
  }

  func deferHashing() { faults.withLock { $0.deferrals += 1 } }

  func writeOut() throws(CASError) {
    try check(faults.withLock { $0.writeOut })
    try stage.writeOut()
  }

  func commit(
    expecting expectation: BlobExpectation, cancellation: CancellationToken
  ) throws(CASError) -> BlobAddress {
    faults.withLock { $0.commits += 1 }
    faults.wait(until: { !$0.isHolding }, then: { _ in })
    try check(faults.withLock { $0.commit })
    return try stage.commit(expecting: expectation, cancellation: cancellation)
  }

  func discard() { stage.discard() }
}
