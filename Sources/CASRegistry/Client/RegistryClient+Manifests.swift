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
  /// Whether a digest is that of a manifest. Some registries respond with 400 or 500 when it is that of a blob.
  func isManifest(_ digest: Digest, _ context: OperationContext) throws(CASError) -> Bool {
    if headSupport.isAnswered(.manifest) {
      let status = try status(of: .HEAD, digest, context).status
      if status == 200 { return true }
      if [400, 404, 500].contains(status) { return false }
    }
    // A manifest that is taken for a blob would be deleted, so HEAD alone does not decide where it may be refused.
    let response = try status(of: .GET, digest, context)
    switch response.status {
    case 200: return true
    case 400, 404, 500: return false
    default: throw failure(response, context)
    }
  }

  private func status(
    of method: HTTPMethod, _ digest: Digest, _ context: OperationContext
  ) throws(CASError) -> RegistryResponse {
    var request = RegistryRequest(method: method, target: manifestPath(digest.description), headers: Self.acceptHeaders)
    request.isRepeatable = false
    return try send(request, context)
  }

  /// Downloads a manifest by tag or digest (distribution-spec, "Pulling manifests"), and compares it with the expected
  /// digest, or else with the one that the registry sends.
  ///
  /// - Throws: `CASError.Code.notFound`, `corrupt` for another digest, `invalid` for a manifest that is too long.
  func manifest(_ reference: String, expecting expected: Digest?, _ context: OperationContext) throws(CASError)
    -> FetchedManifest
  {
    let (response, content) = try fetch(
      RegistryRequest(method: .GET, target: manifestPath(reference), headers: Self.acceptHeaders),
      limit: Manifest.maximumSize, context)
    guard response.status == 200 else { throw failure(response, context) }
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
        cause: "\(address.repositoryName): corrupt: manifest has the digest \(actual), not \(wanted)"
          + response.encodingHint,
        corruption: CASError.Corruption(expected: wanted, actual: actual))
    }
    // A compressed manifest would get a digest that is not that of the manifest.
    if (expected ?? stated) == nil, response.contentEncoding != nil, (try? JSON(parsing: content)) == nil {
      throw malformedResponse(context, "malformed manifest\(response.contentHint)")
    }
    return FetchedManifest(
      descriptor: Descriptor(
        mediaType: mediaType(of: response, content), digest: actual, size: Int64(content.count)),
      content: content)
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
    var retryPolicy = makeRetryPolicy()
    while true {
      let response = try send(request, context)
      if (200...299).contains(response.status) {
        try checkDigest(of: response, is: descriptor.digest, context)
        drop(response)
        let listsReferrer = response.headers.contains(name: "OCI-Subject")
        // Without a 201 and a digest, a lookup must confirm that the registry has the manifest.
        if response.status == 201, response.headers.contains(name: "Docker-Content-Digest") { return listsReferrer }
        try confirm(reference, descriptor.digest, isCreated: response.status == 201, context)
        return listsReferrer
      }
      let reason = reason(of: response)
      // A registry of several servers may not know yet what one of them has just acknowledged.
      guard ["BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].contains(reason?.code),
        retryPolicy.backOff(context.cancellation)
      else {
        try context.checkCancellation()
        throw failure(response, reason, context)
      }
    }
  }

  /// Looks up a manifest that the registry has acknowledged.
  ///
  /// - Parameter isCreated: whether the registry said so by the status 201, which is enough where it refuses the lookup.
  private func confirm(
    _ reference: String, _ digest: Digest, isCreated: Bool, _ context: OperationContext
  ) throws(CASError) {
    let isThere = try confirmed(isCreated: isCreated, context) { () throws(CASError) in
      try findManifest(reference, context).map { ($0.digest ?? digest) == digest } ?? false
    }
    guard isThere else {
      throw malformedResponse(context, "registry acknowledged the manifest but does not have it")
    }
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
    let isDeleted = try delete(manifestPath(tag), "tags", context)
    let isThere: Bool
    do throws(CASError) {
      isThere = try findManifest(tag, context) != nil
    } catch {
      guard error.isRefusal else { throw error }
      // The registry refuses the lookup, so the acknowledgement has to do.
      return
    }
    guard !isThere else {
      let answer = isDeleted ? "acknowledged" : "answered 404 to"
      throw malformedResponse(context, "registry \(answer) the deletion but still has the tag")
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
  func digest(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> Digest? {
    guard let text = response.headers.first(name: "Docker-Content-Digest") else { return nil }
    do throws(InvalidValue) {
      return try Digest(text)
    } catch {
      throw malformedResponse(context, "invalid digest in Docker-Content-Digest: \(error.reason)")
    }
  }

  /// The media type of a downloaded manifest: that of the header; of the content, if the header has a generic one or none.
  private func mediaType(of response: RegistryResponse, _ content: [UInt8]) -> String {
    if let stated = mediaType(of: response) { return stated }
    let own = (try? JSON(parsing: content)).flatMap(MediaType.ofContent)
    // Content of another kind keeps the generic type that it was put with.
    if let own, Manifest.kind(of: own) != nil { return own }
    return contentType(of: response) ?? own ?? MediaType.octetStream
  }

  /// The media type in `Content-Type`; `nil` if it is a generic one, as servers of files send for every manifest.
  func mediaType(of response: RegistryResponse) -> String? {
    contentType(of: response).flatMap { Self.genericTypes.contains($0.lowercased()) ? nil : $0 }
  }

  /// `Content-Type` without parameters.
  private func contentType(of response: RegistryResponse) -> String? {
    response.headers.first(name: "Content-Type").flatMap { (type) in
      let plain = type.prefix { $0 != ";" && $0 != " " }
      return plain.isEmpty ? nil : String(plain)
    }
  }

  private static let genericTypes: Set = [
    MediaType.octetStream, "application/json", "application/x-binary", "binary/octet-stream", "text/html", "text/json",
    "text/plain",
  ]
}
