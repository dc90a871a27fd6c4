import CAS
import CASPlatform
import OCI

extension RegistryEngine {
  /// Concurrent requests of one listing.
  static let maximumConcurrency = 8

  func reference(named name: ReferenceName) throws(CASError) -> Descriptor {
    try reference(named: name, .none)
  }

  private func reference(
    named name: ReferenceName, _ cancellation: CancellationToken
  ) throws(CASError) -> Descriptor {
    let context = OperationContext("get reference", on: name, cancellation: cancellation)
    try repository.checkOpen(context)
    guard RegistryAddress.isTag(name.description) else { throw .notFound(context) }
    return try repository.descriptor(ofTag: name.description, context)
  }

  func listReferenceNames(cancellation: CancellationToken) throws(CASError) -> [ReferenceName] {
    let context = OperationContext("list references", on: uri, cancellation: cancellation)
    try repository.checkOpen(context)
    do throws(CASError) {
      return try repository.sources.list(context) { (client) throws(CASError) in try client.tags(context) }
    } catch {
      // The first push creates the repository.
      guard error.code == .notFound, isWritable else { throw error }
      return []
    }
  }

  func references(
    named names: [ReferenceName], cancellation: CancellationToken
  ) throws(CASError) -> [Reference] {
    let found = try concurrentMap(names, maximumConcurrency: Self.maximumConcurrency) {
      [self] (name) throws(CASError) -> Reference? in
      do throws(CASError) {
        return Reference(name: name, descriptor: try reference(named: name, cancellation))
      } catch {
        // The tag was deleted after it was listed.
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
    let context = OperationContext("list blobs", on: uri)
    try repository.checkOpen(context)
    return RegistryBlobListing(Array(try reachableDigests()), repository, context)
  }
}
