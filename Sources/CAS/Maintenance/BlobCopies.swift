import OCI

/// The copies of the blobs of an image from one store to another.
struct BlobCopies {
  private let plan: CopyPlan
  private let source: any Engine
  private let target: any Engine
  private let cancellation: CancellationToken
  private var progress: CopyProgress

  init(
    _ plan: CopyPlan, from source: any Engine, to target: any Engine, _ cancellation: CancellationToken
  ) {
    self.plan = plan
    self.source = source
    self.target = target
    self.cancellation = cancellation
    progress = CopyProgress(done: 0, total: plan.blobs.reduce(0) { $0.addingSaturating($1.size) })
  }

  /// Copies the blobs that the other store does not have.
  mutating func run(_ report: (CopyProgress) throws(CASError) -> Void) throws(CASError) {
    for blob in plan.blobs {
      let before = progress.done
      if try !isStored(blob, report) {
        progress.done = before
        try copy(blob, report)
      }
      progress.done = before + blob.size
      try report(progress)
    }
  }

  /// Copies the blobs that were deleted from the other store since.
  func completeAgain() throws(CASError) {
    var rest = self
    for blob in plan.blobs {
      do throws(CASError) {
        _ = try storedInfo(blob.digest)
      } catch {
        guard error.code == .notFound else { throw error }
        try rest.copy(blob) { _ in }
      }
    }
  }

  /// Looks a blob up in the other store, without the mirrors that it is read through.
  private func storedInfo(_ digest: Digest) throws(CASError) -> BlobInfo {
    guard let remote = target as? any RemoteEngine else { return try target.blobInfo(digest) }
    return try remote.storedBlobInfo(digest, cancellation: cancellation)
  }

  /// Whether the other store has the blob, with verified content if that is cheaper than a copy.
  private mutating func isStored(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) -> Bool {
    do throws(CASError) {
      guard try storedInfo(blob.digest).size == blob.size else { return false }
      // Reading from another machine takes as long as copying.
      guard let store = target as? any ContentVerifying, !(target is any RemoteEngine) else { return true }
      let before = progress.done
      try store.verifyBlob(blob.digest, cancellation: cancellation) { (count) throws(CASError) in
        progress.done = before + count
        try report(progress)
      }
      return true
    } catch {
      switch error.code {
      case .notFound, .corrupt: return false
      default: throw error
      }
    }
  }

  private mutating func copy(
    _ blob: BlobAddress, _ report: (CopyProgress) throws(CASError) -> Void
  ) throws(CASError) {
    let reader: any BlobReader =
      if let content = plan.embedded[blob.digest] {
        EmbeddedReader(blob.digest, content)
      } else {
        try source.openBlob(blob.digest, cancellation: cancellation)
      }
    let stage = try target.stageBlob(algorithm: blob.digest.algorithm, copying: nil)
    do throws(CASError) {
      let before = progress.done
      var offset: Int64 = 0
      try reader.forEachChunk(cancellation: cancellation) { (chunk) throws(CASError) in
        try stage.append(chunk, at: offset)
        offset += Int64(chunk.count)
        progress.done = before + offset
        try report(progress)
      }
      try stage.endContent(at: offset)
      let expectation = BlobExpectation(digest: blob.digest, size: blob.size)
      _ = try stage.commit(expecting: expectation, cancellation: cancellation)
    } catch {
      stage.discard()
      throw error
    }
  }
}
