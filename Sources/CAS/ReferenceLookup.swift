public import OCI

/// A listed name, and its descriptor or the reason why the store does not return it.
///
/// A registry can list a tag that it refuses to serve, or that has no manifest any more. That is an error of this one
/// reference, beside which the others can be used.
public struct ReferenceLookup: Sendable {
  /// The name.
  public var name: ReferenceName
  /// The descriptor of that name, or the error of this name alone.
  public var descriptor: Result<Descriptor, CASError>

  /// Creates a result from its parts.
  public init(name: ReferenceName, descriptor: Result<Descriptor, CASError>) {
    self.name = name
    self.descriptor = descriptor
  }

  /// The error of this name; `nil` if it has a descriptor.
  public var failure: CASError? {
    if case .failure(let error) = descriptor { error } else { nil }
  }
}

extension Engine {
  /// Looks up every listed name. A name whose descriptor the store does not return has an error of its own.
  ///
  /// - Throws: an error of the listing, or of a store that cannot be reached.
  public func lookUpReferences(cancellation: CancellationToken = .none) throws(CASError) -> [ReferenceLookup] {
    guard let remote = self as? any RemoteEngine else {
      return try listReferences().map { ReferenceLookup(name: $0.name, descriptor: .success($0.descriptor)) }
    }
    let names = try remote.namesIfCreated(cancellation)
    let found = try remote.references(named: names, cancellation: cancellation)
    guard found.contains(where: { $0.failure?.code == .notFound }) else { return found }
    // A reference that was deleted after it was listed is not an error.
    let listed = Set(try remote.namesIfCreated(cancellation))
    return found.filter { $0.failure?.code != .notFound || listed.contains($0.name) }
  }

  /// Returns the index of the references that can be looked up, and the others, each with its error.
  func readableIndex(
    cancellation: CancellationToken = .none
  ) throws(CASError) -> (index: ImageIndex, unreadable: [ReferenceLookup]) {
    guard self is any RemoteEngine else { return (try index(), []) }
    let found = try lookUpReferences(cancellation: cancellation)
    let entries = found.compactMap { (lookup) in (try? lookup.descriptor.get())?.named(lookup.name).json }
    do throws(InvalidValue) {
      return (try ImageIndex(listing: entries), found.filter { $0.failure != nil })
    } catch {
      throw .invalid(OperationContext("read index", on: uri), error)
    }
  }

  /// Returns every digest that the readable references reach through readable manifests.
  ///
  /// - Returns: also the first error of a reference or manifest that is there and is not readable; what it refers to is not
  ///   among the digests.
  package func readableDigests(
    cancellation: CancellationToken = .none
  ) throws(CASError) -> (digests: Set<Digest>, failure: CASError?) {
    let (index, unreadable) = try readableIndex(cancellation: cancellation)
    var failure = unreadable.compactMap(\.failure).first { $0.code != .notFound }
    var walk = ReferenceWalk()
    let links = index.entries.compactMap { (entry) in
      (try? entry.descriptor.get()).map { ReferenceWalk.Link($0, of: .index(entry.name)) }
    }
    try walk.follow(links, in: self, cancellation) { (_, error) throws(CASError) in
      if (self as? any RemoteEngine)?.isUnreachable == true { throw error }
      failure = failure ?? error
    }
    return (walk.reached, failure)
  }
}

extension RemoteEngine {
  /// Returns the names of all references: none of a writable store that the first put creates.
  func namesIfCreated(_ cancellation: CancellationToken) throws(CASError) -> [ReferenceName] {
    do throws(CASError) {
      return try listReferenceNames(cancellation: cancellation)
    } catch {
      guard error.code == .notFound, isWritable else { throw error }
      return []
    }
  }
}
