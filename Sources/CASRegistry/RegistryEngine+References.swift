import CAS
import CASPlatform
import OCI
import SystemPackage

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
    return try repository.sources.list(context) { (client) throws(CASError) in try client.tags(context) }
  }

  var isUnreachable: Bool { repository.client.isUnreachable }

  func references(
    named names: [ReferenceName], cancellation: CancellationToken
  ) throws(CASError) -> [ReferenceLookup] {
    try concurrentMap(names, maximumConcurrency: Self.maximumConcurrency) {
      [self] (name) throws(CASError) -> ReferenceLookup in
      do throws(CASError) {
        return ReferenceLookup(name: name, descriptor: .success(try reference(named: name, cancellation)))
      } catch {
        // Without the registry nothing is known of any tag. An error of one tag is its own.
        if error.code == .cancelled || error.code == .closed || error.code == .io(.ioError) && isUnreachable {
          throw error
        }
        return ReferenceLookup(name: name, descriptor: .failure(error))
      }
    }
  }

  func listReferences() throws(CASError) -> [Reference] {
    var references: [Reference] = []
    for lookup in try lookUpReferences() {
      do throws(CASError) {
        references.append(Reference(name: lookup.name, descriptor: try lookup.descriptor.get()))
      } catch {
        // A tag without a manifest refers to nothing.
        guard error.code == .notFound else { throw error }
      }
    }
    return references
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
    let reachable = try readableDigests()
    return RegistryBlobListing(reachable.digests.sorted(), failure: reachable.failure, repository, context)
  }
}
