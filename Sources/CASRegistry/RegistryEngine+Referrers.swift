import CAS
import OCI

/// Referrers as registries keep them: in lists of their own, or in an index under a tag (distribution-spec, "Referrers Tag
/// Schema").
extension RegistryEngine: ReferrerListing {
  /// Both kinds of lists are read, because a registry that has learned to keep lists may not have made them of the tags.
  func listReferrers(
    of subject: Digest, artifactType: String?, cancellation: CancellationToken
  ) throws(CASError) -> [Descriptor] {
    let context = OperationContext("list referrers", on: subject, cancellation: cancellation)
    try repository.checkOpen(context)
    var found = try repository.client.referrers(of: subject, artifactType: artifactType, context) ?? []
    let tagged = try list(underTagOf: subject, context)?.referrers ?? []
    found += tagged.filter { (descriptor) in !found.contains { $0.digest == descriptor.digest } }
    // A registry may ignore the filter.
    return found.filter { artifactType == nil || $0.json["artifactType"]?.text == artifactType }
  }

  func addReferrer(
    _ referrer: Descriptor, to subject: Digest, cancellation: CancellationToken
  ) throws(CASError) {
    let context = OperationContext("put referrer", on: referrer.digest, cancellation: cancellation)
    try checkWritable(context)
    let content = try content(of: referrer, context)
    try pushManifests(in: content, referrer, depth: 0, context)
    let isListed = try repository.client.put(content, as: referrer.digest.description, referrer, context)
    repository.knownContent.remember(
      referrer.digest, KnownContent.Entry(size: referrer.size, isManifest: true, mediaType: referrer.mediaType))
    if isListed { return }
    try withTagsLocked(context) { () throws(CASError) in
      guard let list = try (taggedList(of: subject, context) ?? ReferrerList()).adding(referrer) else { return }
      var digester = Digester(.sha256)
      digester.update(list.span)
      guard let digest = digester.digest else { return }
      let index = Descriptor(mediaType: MediaType.imageIndex, digest: digest, size: Int64(list.count))
      try repository.client.put(list, as: tag(of: subject, context), index, context)
    }
  }

  /// The list under a tag; `nil` if there is none, or something else.
  private func list(underTagOf subject: Digest, _ context: OperationContext) throws(CASError) -> ReferrerList? {
    do throws(CASError) {
      return try taggedList(of: subject, context)
    } catch {
      guard error.code == .invalid else { throw error }
      return nil
    }
  }

  /// The list under a tag; `nil` if there is none.
  ///
  /// - Throws: `CASError.Code.invalid` if the tag is that of something else.
  private func taggedList(of subject: Digest, _ context: OperationContext) throws(CASError) -> ReferrerList? {
    let tag = try tag(of: subject, context)
    guard let content = try ifFound(try repository.client.manifest(tag, expecting: nil, context).content) else {
      return nil
    }
    do throws(InvalidValue) {
      return try ReferrerList(parsing: content)
    } catch {
      throw .invalid(context, error)
    }
  }

  private func tag(of subject: Digest, _ context: OperationContext) throws(CASError) -> String {
    do throws(InvalidValue) {
      return try ReferrerList.tag(of: subject).description
    } catch {
      throw .invalid(context, error)
    }
  }
}
