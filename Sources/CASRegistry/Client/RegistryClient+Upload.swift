import CAS
import CASPlatform
import FoundationEssentials
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  /// An upload session, as the registry opened it.
  private struct UploadSession {
    /// The absolute URL for the content.
    var location: String
    var isRepeated: Bool
    /// `OCI-Chunk-Min-Length`: the shortest piece in bytes, except for the last one.
    var minimumPiece: Int64
  }

  /// Uploads a blob: in one piece (distribution-spec, "POST then PUT"), or in several if the registry refuses one as too
  /// long ("Pushing a blob in chunks"). A broken upload starts again from the beginning, because not every registry can
  /// resume one.
  ///
  /// - Parameter offset: where the content begins in the file, in bytes.
  func upload(_ file: OpenFile, from offset: Int64, _ blob: BlobAddress, _ context: OperationContext)
    throws(CASError)
  {
    var retryPolicy = makeRetryPolicy()
    var isRepeated = false
    while true {
      let session = try beginUpload(isRepeated: isRepeated, context)
      isRepeated = true
      var retryAfter: Duration?
      do throws(CASError) {
        guard let piece = pieceLimit.size(for: blob.size, minimum: session.minimumPiece) else {
          let reason = "registry answered 413 to pieces of every size"
          throw CASError(.io(.fileTooLarge), context, cause: "\(address.repositoryName): \(reason)")
        }
        let (response, length) = try send(file, from: offset, blob, in: piece, session, context)
        switch response.status {
        case 200...299: return try finish(response, blob, context)
        case 413:
          pieceLimit.recordRefusal(ofLength: length)
          if pieceLimit.size(for: blob.size, minimum: session.minimumPiece) != nil { continue }
        default: retryAfter = response.retryAfter
        }
        let error = failure(response, context)
        // A session that is not known any more is replaced like one that broke.
        guard [404, 416].contains(response.status) else { throw error }
        throw CASError(.io(.ioError), context, cause: error.cause)
      } catch {
        // The upload session may be lost or hold half of the content, so another one is opened.
        guard error.code == .io(.ioError), retryPolicy.backOff(retryAfter: retryAfter, context.cancellation) else {
          throw error
        }
      }
    }
  }

  /// Sends the content in pieces of a size by PATCH, if it is longer than one, and the rest by PUT.
  ///
  /// - Returns: the response to PUT, or to the first request without success, and the length of its body.
  private func send(
    _ file: OpenFile, from offset: Int64, _ blob: BlobAddress, in pieceSize: Int64, _ session: UploadSession,
    _ context: OperationContext
  ) throws(CASError) -> (RegistryResponse, length: Int64) {
    var location = session.location
    var position: Int64 = 0
    while blob.size - position > pieceSize {
      var request = uploadRequest(.PATCH, location, file, offset + position, pieceSize)
      if session.isRepeated { request.headers.append(("Connection", "close")) }
      request.headers.append(("Content-Range", "\(position)-\(position + pieceSize - 1)"))
      let response = try send(request, context)
      guard (200...299).contains(response.status) else { return (response, pieceSize) }
      drop(response)
      location = try self.location(of: response, context) ?? location
      position += pieceSize
      let range = response.headers.first(name: "Range").flatMap { $0.split(separator: "-").last }.flatMap { Int64($0) }
      if let range, range + 1 != position {
        throw malformedResponse(context, "registry acknowledged \(range + 1) of \(position) bytes")
      }
    }
    let rest = blob.size - position
    let target = location + (location.contains("?") ? "&" : "?") + "digest=\(blob.digest)"
    return (try send(uploadRequest(.PUT, target, file, offset + position, rest), context), rest)
  }

  private func uploadRequest(
    _ method: HTTPMethod, _ target: String, _ file: OpenFile, _ offset: Int64, _ count: Int64
  ) -> RegistryRequest {
    var request = RegistryRequest(
      method: method, target: target, access: .push, headers: [("Content-Type", "application/octet-stream")],
      body: count == 0 ? .bytes([]) : .file(file, offset: offset, count: count))
    request.isBulk = true
    request.isRepeatable = false
    return request
  }

  /// Checks an acknowledgement: a put succeeds only after the registry has shown that it has the blob.
  private func finish(
    _ response: RegistryResponse, _ blob: BlobAddress, _ context: OperationContext
  ) throws(CASError) {
    try checkDigest(of: response, is: blob.digest, context)
    drop(response)
    let isThere = try confirmed(isCreated: response.status == 201, context) { () throws(CASError) in
      guard let found = try findBlob(blob.digest, expecting: blob.size, needsSize: false, context) else { return false }
      guard let size = found.size, size != blob.size else { return true }
      throw malformedResponse(context, "registry has \(size) of \(blob.size) bytes of the blob")
    }
    guard isThere else { throw malformedResponse(context, "registry acknowledged the blob but does not have it") }
  }

  /// Repeats a lookup of acknowledged content until it succeeds: in a registry of several servers or with a cache, a new
  /// blob may be unknown for a moment.
  ///
  /// - Parameter isCreated: whether the acknowledgement was the status 201, which is enough where the registry refuses the
  ///   lookup, as it does for an account that may only push.
  func confirmed(
    isCreated: Bool, _ context: OperationContext, _ lookup: () throws(CASError) -> Bool
  ) throws(CASError) -> Bool {
    var retryPolicy = makeRetryPolicy()
    while true {
      do throws(CASError) {
        if try lookup() { return true }
      } catch {
        if isCreated, error.isRefusal { return true }
        throw error
      }
      guard retryPolicy.backOff(context.cancellation) else {
        try context.checkCancellation()
        return false
      }
    }
  }

  /// Opens an upload session.
  ///
  /// - Parameter isRepeated: whether an upload broke. A registry that closes connections after each response without saying
  ///   so breaks every request that cannot be repeated, unless the next one gets a connection of its own.
  private func beginUpload(isRepeated: Bool, _ context: OperationContext) throws(CASError) -> UploadSession {
    var request = RegistryRequest(
      method: .POST, target: "/v2/\(address.repository)/blobs/uploads/", access: .push, body: .bytes([]))
    if isRepeated { request.headers = [("Connection", "close")] }
    let response = try send(request, context)
    guard response.status == 202 else { throw failure(response, context) }
    drop(response)
    guard let location = try location(of: response, context) else {
      throw malformedResponse(context, "missing Location of the upload")
    }
    let minimum = response.headers.first(name: "OCI-Chunk-Min-Length").flatMap { Int64($0) } ?? 0
    return UploadSession(location: location, isRepeated: isRepeated, minimumPiece: minimum)
  }

  /// The absolute URL in `Location`; `nil` without the header.
  private func location(of response: RegistryResponse, _ context: OperationContext) throws(CASError) -> String? {
    guard let text = response.headers.first(name: "Location") else { return nil }
    guard let url = URL(string: text, relativeTo: response.url)?.absoluteURL else {
      throw malformedResponse(context, "invalid Location of the upload: \(text.sanitized)")
    }
    try mappingErrors(context) { () throws(RegistryError) in try requireSecureTransition(from: response.url, to: url) }
    return url.absoluteString
  }

  /// Deletes a blob (distribution-spec, "Deleting Blobs"); an absent one is success.
  func delete(_ digest: Digest, _ context: OperationContext) throws(CASError) {
    if try delete(blobPath(digest), "blobs", context) { return }
    guard try findBlob(digest, expecting: nil, needsSize: false, context) == nil else {
      throw malformedResponse(context, "registry answered 404 to the deletion but still has the blob")
    }
  }
}

extension CASError {
  /// Whether a registry answered that it does not do this, or not for this account.
  var isRefusal: Bool { code == .io(.permissionDenied) || code == .notImplemented || code == .invalid }
}
