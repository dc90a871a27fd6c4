import CAS
import NIOHTTP1
import OCI
import SystemPackage

/// Metadata of content that a registry has, as far as the registry sends them.
struct FoundContent: Sendable {
  /// The length in bytes; `nil` if the registry does not tell it.
  var size: Int64?
  /// The digest that the registry states.
  var digest: Digest?
  /// The `Content-Type` without parameters.
  var mediaType: String?
}

extension RegistryClient {
  static let acceptHeaders = [
    MediaType.imageManifest, MediaType.imageIndex, MediaType.dockerManifest, MediaType.dockerManifestList, "*/*;q=0.5",
  ].map { (name: "Accept", value: $0) }

  func blobPath(_ digest: Digest) -> String { "/v2/\(address.repository)/blobs/\(digest)" }

  func manifestPath(_ reference: String) -> String { "/v2/\(address.repository)/manifests/\(reference)" }

  /// Looks up a blob (distribution-spec, "Checking if content exists in the registry").
  ///
  /// - Parameter expected: the length that a descriptor states. If HEAD states another one, GET decides.
  /// - Parameter needsSize: whether GET is asked for a length that HEAD does not state.
  /// - Returns: `nil` if the registry does not have it.
  func findBlob(
    _ digest: Digest, expecting expected: Int64?, needsSize: Bool, _ context: OperationContext
  ) throws(CASError) -> FoundContent? {
    guard let response = try question(blobPath(digest), .blob, context) else { return nil }
    var size = statedSize(of: response, digest)
    let isDoubtful = size == nil ? needsSize : expected != nil && size != expected
    if isDoubtful, response.isAnswerToHead {
      guard let response = try firstByte(digest, context) else { return nil }
      size = statedSize(of: response, digest) ?? (needsSize ? nil : size)
    }
    return FoundContent(size: size)
  }

  /// Looks up a manifest by tag or digest.
  ///
  /// - Returns: `nil` if the registry does not have it.
  func findManifest(_ reference: String, _ context: OperationContext) throws(CASError) -> FoundContent? {
    guard let response = try question(manifestPath(reference), .manifest, context) else { return nil }
    return content(of: response, context)
  }

  /// Asks for a manifest by HEAD alone, for a caller that sends a GET itself when the answer is not enough.
  ///
  /// - Returns: `nil` if the registry does not have the manifest, or does not answer the question.
  func headManifest(_ reference: String, _ context: OperationContext) throws(CASError) -> FoundContent? {
    guard !headSupport.isRefused(.manifest) else { return nil }
    guard case .found(let response) = try head(manifestPath(reference), .manifest, context) else { return nil }
    return content(of: response, context)
  }

  /// The metadata in the headers of a response. A malformed digest counts as none.
  private func content(of response: RegistryResponse, _ context: OperationContext) -> FoundContent {
    let digest = (try? digest(of: response, context)) ?? nil
    return FoundContent(size: Self.length(of: response), digest: digest, mediaType: mediaType(of: response))
  }

  /// The answer to HEAD.
  private enum HeadAnswer {
    case found(RegistryResponse)
    /// The content does not exist.
    case absent
    /// The registry does not answer the question.
    case refused
  }

  /// Asks by HEAD whether content exists, and by GET where the registry refuses HEAD.
  ///
  /// - Returns: the response that shows that it exists, whose body is not to be read; `nil` if it does not.
  private func question(
    _ path: String, _ kind: HeadSupport.Kind, _ context: OperationContext
  ) throws(CASError) -> RegistryResponse? {
    if !headSupport.isRefused(kind) {
      switch try head(path, kind, context) {
      case .found(let response): return response
      case .absent: return nil
      case .refused: break
      }
    }
    var request = RegistryRequest(method: .GET, target: path)
    switch kind {
    case .blob: request.headers = [("Range", "bytes=0-0")]
    case .manifest: request.headers = Self.acceptHeaders
    }
    let response = try get(request, context)
    if response != nil { headSupport.recordRefusal(kind) }
    return response
  }

  /// Sends HEAD.
  ///
  /// - Throws: for a registry that cannot be reached, or asks for a later attempt.
  private func head(
    _ path: String, _ kind: HeadSupport.Kind, _ context: OperationContext
  ) throws(CASError) -> HeadAnswer {
    let headers = kind == .manifest ? Self.acceptHeaders : []
    let response: RegistryResponse
    do throws(CASError) {
      response = try send(RegistryRequest(method: .HEAD, target: path, headers: headers), context)
    } catch {
      // A connection that ends without an answer, a redirect that leads nowhere, or credentials that do not do.
      guard error.code == .io(.ioError) || error.code == .io(.permissionDenied), !isUnreachable else { throw error }
      return .refused
    }
    drop(response)
    switch response.status {
    case 200:
      headSupport.recordAnswer(kind)
      return .found(response)
    case 404 where headSupport.isAnswered(kind): return .absent
    case 429, 502, 503, 504: throw failure(response, context)
    default: return .refused
    }
  }

  /// Sends GET, and drops the body.
  ///
  /// - Returns: `nil` if the content does not exist.
  private func get(_ request: RegistryRequest, _ context: OperationContext) throws(CASError) -> RegistryResponse? {
    let response = try send(request, context)
    switch response.status {
    // An empty blob has no first byte (RFC 9110, section 15.5.17).
    case 200, 206, 416:
      drop(response)
      return response
    case 404, 410:
      drop(response)
      return nil
    default: throw failure(response, context)
    }
  }

  /// Asks for the first byte of a blob, whose `Content-Range` has the length of all.
  private func firstByte(_ digest: Digest, _ context: OperationContext) throws(CASError) -> RegistryResponse? {
    try get(RegistryRequest(method: .GET, target: blobPath(digest), headers: [("Range", "bytes=0-0")]), context)
  }

  /// The length of a blob as a response states it. A length of 0 is believed of the empty blob only, because servers
  /// send it where they do not know the length.
  private func statedSize(of response: RegistryResponse, _ digest: Digest) -> Int64? {
    let size =
      response.status == 200
      ? Self.length(of: response)
      : response.headers.first(name: "Content-Range").flatMap { $0.split(separator: "/").last }.flatMap { Int64($0) }
    let isEmpty = Digester(digest.algorithm).digest == digest
    if isEmpty { return size == nil && response.status == 416 ? 0 : size }
    return size.flatMap { $0 > 0 ? $0 : nil }
  }

  /// The length in `Content-Length`, in bytes; `nil` without a valid header.
  static func length(of response: RegistryResponse) -> Int64? {
    response.headers.first(name: "Content-Length").flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
  }
}
