public import OCI

/// A store that keeps the lists of referrers itself, such as a registry (distribution-spec, "Listing Referrers").
public protocol ReferrerListing: Engine {
  /// Returns the manifests whose `subject` is a digest; see `Engine.referrers(of:artifactType:cancellation:)`.
  func listReferrers(
    of subject: Digest, artifactType: String?, cancellation: CancellationToken
  ) throws(CASError) -> [Descriptor]

  /// Adds a stored manifest to the referrers of its subject; it has no name otherwise.
  func addReferrer(_ referrer: Descriptor, to subject: Digest, cancellation: CancellationToken) throws(CASError)
}

extension Engine {
  /// Returns the manifests that refer to another one by their `subject`, each once: signatures, attestations, bills of
  /// materials. A descriptor has the `artifactType` and the annotations of its manifest.
  ///
  /// A store that is not ``ReferrerListing`` is searched: what its index reaches, and the other stored manifests.
  ///
  /// - Parameter artifactType: the type of the referrers; `nil` returns those of every type.
  public func referrers(
    of subject: Digest, artifactType: String? = nil, cancellation: CancellationToken = .none
  ) throws(CASError) -> [Descriptor] {
    if let store = self as? any ReferrerListing {
      return try store.listReferrers(of: subject, artifactType: artifactType, cancellation: cancellation)
    }
    let found = try ReferrerScan(self, cancellation).referrers(of: subject)
    return found.filter { artifactType == nil || $0.json["artifactType"]?.text == artifactType }
  }

  /// Adds a stored manifest to the referrers of its subject, so that garbage collection keeps it. A store that is not
  /// ``ReferrerListing`` keeps them in an index under the name `ALGORITHM-HEX` of the subject, as other tools do.
  ///
  /// - Throws: ``CASError/Code-swift.struct/invalid`` if it is not a stored manifest with this subject;
  ///   ``CASError/Code-swift.struct/clobber`` if something else has that name.
  public func putReferrer(
    _ referrer: Descriptor, of subject: Digest, cancellation: CancellationToken = .none
  ) throws(CASError) {
    let context = OperationContext("put referrer", on: referrer.digest, cancellation: cancellation)
    // Lists have the type and the annotations of the manifest, which its descriptor need not have.
    let found = try ReferrerScan.referrer(
      referrer.digest, mediaType: referrer.mediaType, in: self, cancellation)
    guard let found, found.subject == subject else {
      throw CASError(.invalid, context, cause: "no stored manifest with the subject \(subject)")
    }
    if let store = self as? any ReferrerListing {
      return try store.addReferrer(found.descriptor, to: subject, cancellation: cancellation)
    }
    let name: ReferenceName
    do throws(InvalidValue) {
      name = try ReferrerList.tag(of: subject)
    } catch {
      throw .invalid(context, error)
    }
    // Another writer can replace the list between the reading and the put. One that does so loses nothing of its own, and
    // this one finds its referrer missing.
    while let content = try referrerList(named: name, context)?.adding(found.descriptor) {
      try context.checkCancellation()
      let index = try putBlob(content)
      try putReference(
        Descriptor(mediaType: MediaType.imageIndex, digest: index.digest, size: index.size), named: name,
        replacing: true, cancellation: cancellation)
    }
  }

  private func referrerList(named name: ReferenceName, _ context: OperationContext) throws(CASError) -> ReferrerList? {
    guard let descriptor = try ifFound(try reference(named: name)),
      let content = try ifFound(
        try blobContents(descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation))
    else { return ReferrerList() }
    do throws(InvalidValue) {
      return try ReferrerList(parsing: content)
    } catch {
      throw .clobber(context.on(name))
    }
  }
}
