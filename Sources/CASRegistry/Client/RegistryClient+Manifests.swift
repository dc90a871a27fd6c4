import CAS
import FoundationEssentials
import NIOHTTP1
import OCI

/// A downloaded manifest, with the digest computed from its content.
struct FetchedManifest: Sendable {
  var descriptor: Descriptor
  var content: [UInt8]
}

extension RegistryClient {
  private static let tagsPerPage = 1000
  /// The longest page of tags, in bytes.
  private static let pageSizeLimit = 16 << 20
  private static let maximumTags = 1_000_000

  private static let acceptHeaders = [
    MediaType.imageManifest, MediaType.imageIndex, MediaType.dockerManifest, MediaType.dockerManifestList, "*/*;q=0.5",
  ].map { (name: "Accept", value: $0) }

  private func manifestPath(_ reference: String) -> String { "/v2/\(address.repository)/manifests/\(reference)" }

  /// Lists the tags, page by page (distribution-spec, "Listing Tags"). Malformed and repeated tags are skipped.
  ///
  /// - Throws: `CASError.Code.notFound` if the repository does not exist.
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
      // A page that links to an earlier one would never end.
      guard names.count > count, names.count <= Self.maximumTags else {
        throw malformedResponse(context, "endless list of tags")
      }
      target = next
    }
  }

  /// Checks that the repository exists.
  ///
  /// - Throws: `CASError.Code.notFound` if it does not.
  func checkRepository(_ context: OperationContext) throws(CASError) {
    let response = try send(
      RegistryRequest(method: .GET, target: "/v2/\(address.repository)/tags/list?n=1"), context)
    guard response.status == 200 else { throw failure(response, context) }
    try drain(response, context)
  }

  /// The URL of the next page, from the `Link` header with the relation `next` (RFC 8288). Links to another origin are
  /// rejected.
  func nextPage(_ response: RegistryResponse, _ context: OperationContext) throws(CASError) -> String? {
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

  /// Digest, length and media type of a manifest, by HEAD (distribution-spec, "Checking if content exists in the
  /// registry"), as far as the registry sends them; `nil` if the manifest does not exist.
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

  /// Whether a digest is that of a manifest. Some registries respond with 400 or 500 when it is that of a blob.
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

  /// Downloads a manifest by tag or digest (distribution-spec, "Pulling manifests"), and compares it with the expected
  /// digest, or else with the one that the registry sends.
  ///
  /// - Throws: `CASError.Code.notFound`, `corrupt` for another digest, `invalid` for a manifest that is too long.
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
    // Without an expected digest, the registry must at least agree with itself.
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

  /// Uploads a manifest under a tag or its digest (distribution-spec, "Pushing Manifests").
  ///
  /// - Returns: whether the registry lists it as a referrer of its subject.
  @discardableResult
  func put(
    _ content: [UInt8], as reference: String, _ descriptor: Descriptor, _ context: OperationContext
  ) throws(CASError) -> Bool {
    let request = RegistryRequest(
      method: .PUT, target: manifestPath(reference), access: .push,
      headers: [(name: "Content-Type", value: descriptor.mediaType)], body: .bytes(content))
    let response = try send(request, context)
    guard (200...299).contains(response.status) else { throw failure(response, context) }
    try checkDigest(of: response, is: descriptor.digest, context)
    try drain(response, context)
    let listsReferrer = response.headers.contains(name: "OCI-Subject")
    // Without a 201 and a digest, a lookup must confirm that the registry has the manifest.
    if response.status == 201, response.headers.contains(name: "Docker-Content-Digest") { return listsReferrer }
    guard let found = try headManifest(reference, context), (found.digest ?? descriptor.digest) == descriptor.digest
    else { throw malformedResponse(context, "registry acknowledged the manifest but does not have it") }
    return listsReferrer
  }

  /// Whether the registry can delete tags, found out by deleting a random one that does not exist.
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

  /// Deletes a tag by name (distribution-spec, "Deleting tags"); an absent one is success.
  func deleteTag(_ tag: String, _ context: OperationContext) throws(CASError) {
    try delete(manifestPath(tag), "tags", context)
    guard try headManifest(tag, context) == nil else {
      throw malformedResponse(context, "registry acknowledged the deletion but still has the tag")
    }
  }

  /// Checks the digest that a registry returns for an upload. One of another algorithm is accepted.
  ///
  /// - Throws: `CASError.Code.corrupt` for a different digest.
  func checkDigest(of response: RegistryResponse, is digest: Digest, _ context: OperationContext) throws(CASError) {
    guard let stated = try self.digest(of: response, context), stated != digest, stated.algorithm == digest.algorithm
    else { return }
    throw CASError(
      .corrupt, context, cause: "\(address.repositoryName): registry stored \(digest) as \(stated)",
      corruption: CASError.Corruption(expected: digest, actual: stated))
  }

  /// The digest in `Docker-Content-Digest`; `nil` without the header.
  private func digest(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> Digest? {
    guard let text = response.headers.first(name: "Docker-Content-Digest") else { return nil }
    do throws(InvalidValue) {
      return try Digest(text)
    } catch {
      throw malformedResponse(context, "invalid digest in Docker-Content-Digest: \(error.reason)")
    }
  }

  /// The media type in `Content-Type`, without parameters.
  private func mediaType(of response: RegistryResponse) -> String? {
    response.headers.first(name: "Content-Type").flatMap { (type) in
      let plain = type.prefix { $0 != ";" && $0 != " " }
      return plain.isEmpty ? nil : String(plain)
    }
  }

  /// The length in `Content-Length`, in bytes; `nil` without the header.
  func size(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> Int64? {
    guard let text = response.headers.first(name: "Content-Length") else { return nil }
    guard let size = Int64(text), size >= 0 else {
      throw malformedResponse(context, "invalid Content-Length: \(text.sanitized)")
    }
    return size
  }
}
