import CAS
import CASPlatform
import OCI

extension RegistryEngine {
  /// How many things are asked for at once.
  static let width = 8

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    try reference(named: name, .none)
  }

  private func reference(
    named name: ReferenceName, _ cancellation: CancellationToken
  ) throws(CASError) -> Descriptor {
    let context = OperationContext("get reference", on: name, cancellation: cancellation)
    try repository.check(context)
    guard RegistryAddress.isTag(name.description) else { throw .notFound(context) }
    return try repository.descriptor(ofTag: name.description, context)
  }

  func listReferenceNames(cancellation: CancellationToken) throws(CASError) -> [ReferenceName] {
    let context = OperationContext("list references", on: uri, cancellation: cancellation)
    try repository.check(context)
    do throws(CASError) {
      return try repository.client.tags(context)
    } catch {
      // The first that is pushed makes the repository.
      guard error.code == .notFound, isWritable else { throw error }
      return []
    }
  }

  func references(
    named names: [ReferenceName], cancellation: CancellationToken
  ) throws(CASError) -> [Reference] {
    let found = try concurrentMap(names, width: Self.width) { [self] (name) throws(CASError) -> Reference? in
      do throws(CASError) {
        return Reference(name: name, descriptor: try reference(named: name, cancellation))
      } catch {
        // Deleted since it was listed.
        guard error.code == .notFound else { throw error }
        return nil
      }
    }
    return found.compactMap { $0 }
  }

  func listReferences() throws(CASError) -> [Reference] {
    try references(named: listReferenceNames(cancellation: .none), cancellation: .none)
  }

  func index() throws(CASError) -> ImageIndex {
    let entries = try listReferences().map { $0.descriptor.named($0.name).json }
    do throws(InvalidValue) {
      return try ImageIndex(listing: entries)
    } catch {
      throw .invalid(OperationContext("read index", on: uri), error)
    }
  }

  func listBlobs() throws(CASError) -> any BlobListing {
    try repository.check(OperationContext("list blobs", on: uri))
    return StoredListing(Array(try reachableDigests()), repository)
  }
}

/// Walks over digests, and leaves out those that the registry does not have: what a manifest refers to may be elsewhere.
final class StoredListing: BlobListing {
  private static let batchSize = 256
  private var rest: ArraySlice<Digest>
  private let repository: Repository

  init(_ digests: [Digest], _ repository: Repository) {
    rest = digests[...]
    self.repository = repository
  }

  func nextBatch() throws(CASError) -> [Digest] {
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Self.batchSize))
      rest = rest.dropFirst(batch.count)
      let repository = repository
      let found = try concurrentMap(batch, width: RegistryEngine.width) { (digest) throws(CASError) -> Digest? in
        do throws(CASError) {
          _ = try repository.find(digest, OperationContext("list blobs", on: digest))
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
