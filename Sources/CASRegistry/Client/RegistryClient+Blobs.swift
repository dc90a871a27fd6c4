import CAS
import CASPlatform
import FoundationEssentials
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  /// How often a transfer may be resumed, even if each attempt makes progress.
  private static let maximumResumptions = 100

  private func blobPath(_ digest: Digest) -> String { "/v2/\(address.repository)/blobs/\(digest)" }

  /// The length of a blob in bytes, by HEAD (distribution-spec, "Checking if content exists in the registry"); `nil` if
  /// it does not exist.
  func headBlob(_ digest: Digest, _ context: OperationContext) throws(CASError) -> Int64? {
    let response = try send(RegistryRequest(method: .HEAD, target: blobPath(digest)), context)
    try drain(response, context)
    if response.status == 404 { return nil }
    guard response.status == 200 else { throw failure(response, context) }
    guard let size = try size(of: response, context) else {
      throw malformedResponse(context, "missing Content-Length of the blob")
    }
    return size
  }

  /// Downloads a range of a blob (distribution-spec, "Pulling blobs"). A broken transfer is resumed at the byte where
  /// it broke, by an HTTP range request (RFC 9110, section 14).
  ///
  /// - Parameter range: the bytes to read. If the registry ignores the range and sends all, the others are skipped.
  /// - Parameter body: called with each part in order; an error of it ends the download.
  func read(
    _ digest: Digest, _ range: Range<Int64>, size: Int64, _ context: OperationContext,
    _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var position = range.lowerBound
    var retryPolicy = RetryPolicy()
    var resumptions = 0
    while position < range.upperBound {
      var request = RegistryRequest(method: .GET, target: blobPath(digest), isBulk: true)
      if position > 0 || range.upperBound < size {
        request.headers = [("Range", "bytes=\(position)-\(range.upperBound - 1)")]
      }
      let start = position
      let response = try send(request, context)
      guard response.status == 200 || response.status == 206 else { throw failure(response, context) }
      do throws(RegistryError) {
        var skipped = position - (try Self.bodyOffset(of: response, requested: position, size: size))
        while position < range.upperBound, let part = try response.exchange.nextPart() {
          var bytes = part.readableBytesUInt8Span
          if skipped > 0 {
            let passed = Int(min(skipped, Int64(bytes.count)))
            skipped -= Int64(passed)
            bytes = bytes.extracting(droppingFirst: passed)
          }
          let wanted = bytes.extracting(first: Int(min(Int64(bytes.count), range.upperBound - position)))
          if wanted.isEmpty { continue }
          do throws(CASError) {
            try body(wanted)
          } catch {
            throw .refused(error.code, error.cause)
          }
          position += Int64(wanted.count)
          retryPolicy.reset()
        }
        // A server may send less than the requested range (RFC 9110, section 15.3.7).
        if response.status == 206, position < range.upperBound, position > start { continue }
        if position < range.upperBound { throw .connectionLost("incomplete blob: \(position) of \(size) bytes") }
        // A response that is read to its end leaves the connection reusable.
        if response.status == 206 || position == size { _ = try? response.exchange.nextPart() }
        return
      } catch {
        resumptions += 1
        // Another source follows a mirror, unless only the rest is missing.
        guard error.isTransient, resumptions < Self.maximumResumptions, !isMirror || position > start,
          retryPolicy.backOff(retryAfter: nil, context.cancellation)
        else {
          try context.checkCancellation()
          throw CASError(error, context, address.repositoryName)
        }
      }
    }
  }

  /// The offset in the blob at which the body of a response begins.
  ///
  /// - Throws: if `Content-Range` or `Content-Length` contradict the request.
  private static func bodyOffset(
    of response: RegistryResponse, requested: Int64, size: Int64
  ) throws(RegistryError) -> Int64 {
    let length = response.headers.first(name: "Content-Length")
    if response.status != 206 {
      if let length, Int64(length) != size { throw .connectionLost("unexpected Content-Length: \(length.sanitized)") }
      return 0
    }
    // `bytes FIRST-LAST/SIZE` (RFC 9110, section 14.4).
    let range = response.headers.first(name: "Content-Range") ?? ""
    let numbers = range.split { "bytes -/".contains($0) }.map { Int64($0) }
    guard range.hasPrefix("bytes "), numbers.count == 3, let first = numbers[0], let last = numbers[1],
      first == requested,
      first <= last, last < size, numbers[2] == size || range.hasSuffix("/*")
    else { throw .refused(.io(.ioError), "unexpected Content-Range: \(range.sanitized)") }
    if let length, Int64(length) != last - first + 1 {
      throw .connectionLost("unexpected Content-Length: \(length.sanitized)")
    }
    return first
  }

  /// Uploads a blob in one piece (distribution-spec, "POST then PUT"). A broken upload starts again from the beginning,
  /// because not every registry can resume one.
  ///
  /// - Parameter offset: where the content begins in the file, in bytes.
  func upload(_ file: OpenFile, from offset: Int64, _ blob: BlobAddress, _ context: OperationContext)
    throws(CASError)
  {
    var retryPolicy = RetryPolicy()
    while true {
      let location = try beginUpload(context)
      var request = RegistryRequest(
        method: .PUT, target: location + (location.contains("?") ? "&" : "?") + "digest=\(blob.digest)", access: .push,
        headers: [("Content-Type", "application/octet-stream")],
        body: blob.size == 0 ? .bytes([]) : .file(file, offset: offset, count: blob.size))
      request.isBulk = true
      request.isRepeatable = false
      do throws(CASError) {
        let response = try send(request, context)
        guard (200...299).contains(response.status) else { throw failure(response, context) }
        try checkDigest(of: response, is: blob.digest, context)
        try drain(response, context)
        // The put is acknowledged only after the registry has shown that it has the blob.
        guard try headBlob(blob.digest, context) == blob.size else {
          throw malformedResponse(context, "registry acknowledged the blob but does not have it")
        }
        return
      } catch {
        // The upload session may be lost or hold half of the content, so another one is opened.
        guard error.code == .io(.ioError), retryPolicy.backOff(retryAfter: nil, context.cancellation) else {
          throw error
        }
      }
    }
  }

  /// Opens an upload session.
  ///
  /// - Returns: the absolute URL for the content.
  private func beginUpload(_ context: OperationContext) throws(CASError) -> String {
    let response = try send(
      RegistryRequest(
        method: .POST, target: "/v2/\(address.repository)/blobs/uploads/", access: .push, body: .bytes([])), context)
    guard response.status == 202 else { throw failure(response, context) }
    try drain(response, context)
    guard let location = response.headers.first(name: "Location"),
      let url = URL(string: location, relativeTo: response.url)?.absoluteURL
    else { throw malformedResponse(context, "missing or invalid Location of the upload") }
    try mappingErrors(context) { () throws(RegistryError) in try requireSecureTransition(from: response.url, to: url) }
    return url.absoluteString
  }

  /// Deletes a blob (distribution-spec, "Deleting Blobs"); an absent one is success.
  func delete(_ digest: Digest, _ context: OperationContext) throws(CASError) {
    try delete(blobPath(digest), "blobs", context)
  }
}
