import CAS
import FoundationEssentials
import NIOHTTP1
import OCI

/// A manifest as a registry gave it, its digest computed.
struct FetchedManifest: Sendable {
  var descriptor: Descriptor
  var content: [UInt8]
}

extension RegistryClient {
  private static let tagsPerPage = 1000
  private static let pageSizeLimit = 16 << 20
  private static let maximumTags = 1_000_000

  private static let acceptHeaders = [
    MediaType.imageManifest, MediaType.imageIndex, MediaType.dockerManifest, MediaType.dockerManifestList, "*/*;q=0.5",
  ].map { (name: "Accept", value: $0) }

  private func manifestPath(_ reference: String) -> String { "/v2/\(address.repository)/manifests/\(reference)" }

  /// The tags, a page at a time until there are no more (distribution-spec, "Listing Tags"). What is no tag is passed
  /// over.
  ///
  /// - Throws: `CASError.Code.notFound` when the registry knows no such repository.
  func tags(_ context: OperationContext) throws(CASError) -> [ReferenceName] {
    var names: [ReferenceName] = []
    var seen: Set<ReferenceName> = []
    var target = "/v2/\(address.repository)/tags/list?n=\(Self.tagsPerPage)"
    while true {
      let response = try send(RegistryRequest(method: .GET, target: target), context)
      guard response.status == 200 else { throw failure(response, context) }
      let body = try mappingErrors(context) { () throws(RegistryError) in
        try response.exchange.body(limit: Self.pageSizeLimit)
      }
      guard let body, let page = try? JSON(parsing: body) else {
        throw malformedResponse(context, "malformed list of tags")
      }
      let count = names.count
      if case .array(let tags)? = page["tags"] {
        for tag in tags {
          guard let text = tag.text, RegistryAddress.isTag(text), let name = try? ReferenceName(reading: text),
            seen.insert(name).inserted
          else { continue }
          names.append(name)
        }
      }
      guard let next = try nextPage(response, context) else { return names }
      // A list that goes round would go on for ever.
      guard names.count > count, names.count <= Self.maximumTags else {
        throw malformedResponse(context, "endless list of tags")
      }
      target = next
    }
  }

  /// Fails as ``tags(_:)`` does when there is no such repository.
  func checkRepository(_ context: OperationContext) throws(CASError) {
    let response = try send(
      RegistryRequest(method: .GET, target: "/v2/\(address.repository)/tags/list?n=1"), context)
    guard response.status == 200 else { throw failure(response, context) }
    try drain(response, context)
  }

  /// Where the next page is: the link of the relation `next` (RFC 8288).
  private func nextPage(_ response: RegistryResponse, _ context: OperationContext) throws(CASError) -> String? {
    for link in response.headers[canonicalForm: "Link"] where link.contains("rel=\"next\"") || link.contains("rel=next")
    {
      guard link.first == "<", let end = link.firstIndex(of: ">"),
        let url = URL(string: String(link[link.index(after: link.startIndex)..<end]), relativeTo: response.url)?
          .absoluteURL,
        Self.origin(of: url) == Self.origin(of: response.url)
      else { throw malformedResponse(context, "invalid Link to the next page of tags") }
      return url.absoluteString
    }
    return nil
  }

  /// What a registry says of a manifest without sending it (distribution-spec, "Checking if content exists in the
  /// registry"): its digest, length and media type, as far as it says them. `nil` when it has none.
  func headManifest(
    _ reference: String, _ context: OperationContext
  ) throws(CASError) -> (digest: Digest?, size: Int64?, mediaType: String?)? {
    let response = try send(
      RegistryRequest(method: .HEAD, target: manifestPath(reference), headers: Self.acceptHeaders), context)
    try drain(response, context)
    if response.status == 404 { return nil }
    guard response.status == 200 else { throw failure(response, context) }
    return (try digest(of: response, context), try size(of: response, context), mediaType(of: response))
  }

  /// Whether what has a digest is a manifest. Asked that of another blob, some registries fail.
  func isManifest(_ digest: Digest, _ context: OperationContext) throws(CASError) -> Bool {
    var request = RegistryRequest(method: .HEAD, target: manifestPath(digest.description), headers: Self.acceptHeaders)
    request.isRepeatable = false
    let response = try send(request, context)
    try drain(response, context)
    switch response.status {
    case 200: return true
    case 400, 404, 500: return false
    default: throw failure(response, context)
    }
  }

  /// Gets a manifest by a tag or a digest, and makes sure that it has the digest that is asked for and that the registry
  /// says (distribution-spec, "Pulling manifests").
  ///
  /// - Throws: `CASError.Code.notFound` when the registry has none.
  func manifest(_ reference: String, expecting expected: Digest?, _ context: OperationContext) throws(CASError)
    -> FetchedManifest
  {
    let response = try send(
      RegistryRequest(method: .GET, target: manifestPath(reference), headers: Self.acceptHeaders), context)
    guard response.status == 200 else { throw failure(response, context) }
    let content = try mappingErrors(context) { () throws(RegistryError) in
      try response.exchange.body(limit: Manifest.maximumSize)
    }
    guard let content else {
      throw CASError(
        .invalid, context,
        cause: "\(address.repositoryName): manifest longer than \(Manifest.maximumSize >> 20) MiB")
    }
    let stated = try digest(of: response, context)
    var digester = Digester((expected ?? stated)?.algorithm ?? .sha256)
    digester.update(content.span)
    guard let actual = digester.digest else {
      throw malformedResponse(context, "manifest digest could not be computed")
    }
    // One that states another, of another algorithm as well, is wrong about what it has.
    if let wanted = expected ?? stated, wanted != actual {
      throw CASError(
        .corrupt, context,
        cause: "\(address.repositoryName): corrupt: manifest has the digest \(actual), not \(wanted)",
        corruption: CASError.Corruption(expected: wanted, actual: actual))
    }
    let mediaType =
      mediaType(of: response) ?? (try? JSON(parsing: content)).flatMap(MediaType.ofContent) ?? MediaType.octetStream
    return FetchedManifest(
      descriptor: Descriptor(mediaType: mediaType, digest: actual, size: Int64(content.count)), content: content)
  }

  /// Stores a manifest under a tag or its digest (distribution-spec, "Pushing Manifests").
  func put(
    _ content: [UInt8], as reference: String, _ descriptor: Descriptor, _ context: OperationContext
  ) throws(CASError) {
    let request = RegistryRequest(
      method: .PUT, target: manifestPath(reference), access: .push,
      headers: [(name: "Content-Type", value: descriptor.mediaType)], body: .bytes(content))
    let response = try send(request, context)
    guard (200...299).contains(response.status) else { throw failure(response, context) }
    try checkDigest(of: response, is: descriptor.digest, context)
    try drain(response, context)
    // Nobody is told that it is stored before it can be found.
    if response.status == 201, response.headers.contains(name: "Docker-Content-Digest") { return }
    guard let found = try headManifest(reference, context), (found.digest ?? descriptor.digest) == descriptor.digest
    else { throw malformedResponse(context, "registry acknowledged the manifest but does not have it") }
  }

  /// Whether tags can be deleted, as far as a registry shows: it is asked to delete one that nobody has.
  func canDeleteTags(_ context: OperationContext) throws(CASError) -> Bool {
    let tag = "casfs-none-" + String(UInt64.random(in: .min ... .max), radix: 16)
    do throws(CASError) {
      try deleteTag(tag, context)
      return true
    } catch {
      if error.code == .notImplemented { return false }
      throw error
    }
  }

  /// Deletes a tag, by name (distribution-spec, "Deleting tags"); one that is not there is deleted.
  func deleteTag(_ tag: String, _ context: OperationContext) throws(CASError) {
    try delete(manifestPath(tag), "tags", context)
    guard try headManifest(tag, context) == nil else {
      throw malformedResponse(context, "registry acknowledged the deletion but still has the tag")
    }
  }

  /// Makes sure that a registry says no other digest of what it was sent; it may say one of another algorithm.
  func checkDigest(of response: RegistryResponse, is digest: Digest, _ context: OperationContext) throws(CASError) {
    guard let stated = try self.digest(of: response, context), stated != digest, stated.algorithm == digest.algorithm
    else { return }
    throw CASError(
      .corrupt, context, cause: "\(address.repositoryName): registry stored \(digest) as \(stated)",
      corruption: CASError.Corruption(expected: digest, actual: stated))
  }

  /// The digest that the registry says content has.
  private func digest(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> Digest? {
    guard let text = response.headers.first(name: "Docker-Content-Digest") else { return nil }
    do throws(InvalidValue) {
      return try Digest(text)
    } catch {
      throw malformedResponse(context, "invalid digest in Docker-Content-Digest: \(error.reason)")
    }
  }

  /// The type that the registry says content has, without parameters.
  private func mediaType(of response: RegistryResponse) -> String? {
    response.headers.first(name: "Content-Type").flatMap { (type) in
      let plain = type.prefix { $0 != ";" && $0 != " " }
      return plain.isEmpty ? nil : String(plain)
    }
  }

  /// The length that the registry says content has.
  func size(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> Int64? {
    guard let text = response.headers.first(name: "Content-Length") else { return nil }
    guard let size = Int64(text), size >= 0 else {
      throw malformedResponse(context, "invalid Content-Length: \(text.sanitized)")
    }
    return size
  }
}
