import CAS
import OCI

/// A walk over the digests that tags reach, without those that the registry lacks: a manifest may refer to content
/// elsewhere.
final class RegistryBlobListing: BlobListing {
  private static let batchSize = 256
  private var rest: ArraySlice<Digest>
  private let repository: Repository
  private let context: OperationContext

  init(_ digests: [Digest], _ repository: Repository, _ context: OperationContext) {
    rest = digests[...]
    self.context = context
    self.repository = repository
  }

  func nextBatch() throws(CASError) -> [Digest] {
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Self.batchSize))
      rest = rest.dropFirst(batch.count)
      let (repository, context) = (repository, context)
      let found = try concurrentMap(batch, maximumConcurrency: RegistryEngine.maximumConcurrency) {
        (digest) throws(CASError) -> Digest? in
        do throws(CASError) {
          _ = try repository.entry(of: digest, context.on(digest))
          return digest
        } catch {
          guard error.code == .notFound else { throw error }
          return nil
        }
      }.compactMap { $0 }
      if !found.isEmpty { return found }
    }
    return []
  }
}
