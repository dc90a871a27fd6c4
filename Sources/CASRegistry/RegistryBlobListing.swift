import CAS
import OCI
import SystemPackage

/// A walk over the digests that tags reach, without those that the registry lacks: a manifest may refer to content
/// elsewhere.
final class RegistryBlobListing: BlobListing {
  private static let batchSize = 256
  private var rest: ArraySlice<Digest>
  private let repository: Repository
  private let context: OperationContext
  let failure: CASError?

  init(_ digests: [Digest], failure: CASError?, _ repository: Repository, _ context: OperationContext) {
    rest = digests[...]
    self.failure = failure
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
          if error.code == .notFound { return nil }
          // Content that the registry refuses to describe is there, and its error is that of a read.
          guard error.isRefusal || error.code == .io(.ioError), !repository.client.isUnreachable else { throw error }
          return digest
        }
      }.compactMap { $0 }
      if !found.isEmpty { return found }
    }
    return []
  }
}
