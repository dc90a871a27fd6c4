import CAS
import CASPlatform
import OCI
import SystemPackage

/// Lists the digests in `blobs/sha256`, then in `blobs/sha512`; other names are skipped.
final class DirectoryListing: BlobListing {
  private static let batchSize = 1024
  private let store: DirectoryStore
  private let context: OperationContext
  /// The algorithms that remain, the last first.
  private var algorithms: [Digest.Algorithm] = [.sha512, .sha256]
  private var current: (algorithm: Digest.Algorithm, names: DirectoryStream)?

  init(_ store: DirectoryStore, _ context: OperationContext) {
    self.store = store
    self.context = context
  }

  func nextBatch() throws(CASError) -> [Digest] {
    try store.check(context)
    var batch: [Digest] = []
    while batch.count < Self.batchSize {
      guard let (algorithm, names) = try stream() else { break }
      let next = try mappingErrno(context, try names.next { Digest(algorithm, hex: $0) })
      guard let next else {
        current = nil
        continue
      }
      if let digest = next { batch.append(digest) }
    }
    return batch
  }

  /// The directory that is being read; `nil` after the last.
  private func stream() throws(CASError) -> (Digest.Algorithm, DirectoryStream)? {
    while current == nil {
      guard let algorithm = algorithms.popLast() else { return nil }
      guard let directory = try store.blobs.directory(algorithm, context) else { continue }
      let names = try mappingErrno(context, try DirectoryStream(directory.file))
      current = (algorithm, names)
    }
    return current
  }
}
