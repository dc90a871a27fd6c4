import CAS
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  /// Downloads a range of a blob (distribution-spec, "Pulling blobs").
  ///
  /// - Parameter range: the bytes to read. If the registry ignores the range and sends all, the others are skipped.
  /// - Parameter size: the length of the blob in bytes; a response with another one is an error.
  /// - Parameter body: called with each part in order; an error of it ends the download.
  func read(
    _ digest: Digest, _ range: Range<Int64>, size: Int64, _ context: OperationContext,
    _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var transfer = BlobTransfer(range: range, size: size)
    try run(&transfer, digest, context, body)
  }

  /// Downloads a blob from its start to its end.
  ///
  /// - Parameter size: the probable length in bytes; `nil` if it is not known. If the responses to GET state another one
  ///   repeatedly, that counts, because the caller compares the content with its digest.
  /// - Parameter body: called with each part in order; an error of it ends the download.
  /// - Returns: the length in bytes, and what to add to the error if the content has another digest.
  func download(
    _ digest: Digest, size: Int64?, _ context: OperationContext, _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) -> (length: Int64, encodingHint: String) {
    var transfer = BlobTransfer(range: nil, size: size)
    try run(&transfer, digest, context, body)
    return (transfer.position, transfer.encodingHint)
  }

  /// Runs a transfer. If it breaks, it is resumed at the byte where it broke, by a range request (RFC 9110, section 14).
  private func run(
    _ transfer: inout BlobTransfer, _ digest: Digest, _ context: OperationContext,
    _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var retryPolicy = RetryPolicy(firstDelay: retryDelay)
    var resumptions = 0
    while !transfer.isComplete {
      var request = RegistryRequest(method: .GET, target: blobPath(digest), isBulk: true)
      if let range = transfer.rangeHeader { request.headers = [("Range", range)] }
      let start = transfer.position
      let response = try send(request, context)
      if response.status == 416, transfer.endsHere { return }
      guard response.status == 200 || response.status == 206 else { throw failure(response, context) }
      do throws(RegistryError) {
        try transfer.receive(response) { (bytes) throws(CASError) in
          try body(bytes)
          retryPolicy.reset()
        }
      } catch {
        resumptions += 1
        // Another source follows a mirror, unless only the rest is missing.
        guard error.isTransient, resumptions < BlobTransfer.maximumResumptions, !isMirror || transfer.position > start,
          retryPolicy.backOff(context.cancellation)
        else {
          try context.checkCancellation()
          let failure = CASError(error, context, address.repositoryName)
          guard error.isTransient else { throw failure }
          throw CASError(failure.code, context, cause: failure.cause + response.encodingHint)
        }
      }
    }
  }
}

/// The state of one download: what was asked for, and how much of it has arrived.
private struct BlobTransfer {
  /// How often a transfer may be resumed, even if each attempt makes progress.
  static let maximumResumptions = 100

  /// The bytes to read; `nil` is all of the blob.
  let range: Range<Int64>?
  /// The length of the blob in bytes, as far as it is known.
  private var size: Int64?
  /// A length that a response to GET stated in contradiction to ``size``. It counts when it is stated again.
  private var otherSize: Int64?
  private(set) var position: Int64
  private(set) var isComplete: Bool
  /// The coding of the last response, for messages.
  private(set) var encodingHint = ""

  init(range: Range<Int64>?, size: Int64?) {
    self.range = range
    self.size = size
    position = range?.lowerBound ?? 0
    isComplete = range?.isEmpty ?? (size == 0)
  }

  private var end: Int64? { range?.upperBound ?? size }

  var rangeHeader: String? {
    guard let end else { return position > 0 ? "bytes=\(position)-" : nil }
    return position > 0 || end != size ? "bytes=\(position)-\(end - 1)" : nil
  }

  /// Whether a registry that has no byte at the position means the end of the blob. The digest tells if it is right.
  var endsHere: Bool { range == nil && position > 0 }

  /// Reads one response to its end, or to the end of the range.
  mutating func receive(
    _ response: RegistryResponse, _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(RegistryError) {
    encodingHint = response.encodingHint
    let start = position
    var skipped = position - (try offset(of: response))
    // The end of a response without a length is the end of the blob, if all of the blob is wanted.
    let isBounded = range != nil || RegistryClient.length(of: response) != nil
    while let part = isBounded && position == end ? nil : try response.exchange.nextPart() {
      var bytes = part.readableBytesUInt8Span
      if skipped > 0 {
        let passed = Int(min(skipped, Int64(bytes.count)))
        skipped -= Int64(passed)
        bytes = bytes.extracting(droppingFirst: passed)
      }
      if isBounded, let end { bytes = bytes.extracting(first: Int(min(Int64(bytes.count), end - position))) }
      if bytes.isEmpty { continue }
      do throws(CASError) {
        try body(bytes)
      } catch {
        throw .refused(error.code, error.cause)
      }
      position += Int64(bytes.count)
    }
    guard let end, position < end else {
      // A response that is read to its end leaves the connection reusable.
      if isBounded, response.status == 206 || position == size { _ = try? response.exchange.nextPart() }
      isComplete = true
      return
    }
    // A server may send less than the requested range (RFC 9110, section 15.3.7).
    if response.status == 206, position > start { return }
    if range == nil, !isBounded {
      try consider(position)
      isComplete = true
      return
    }
    throw .connectionLost("incomplete blob: \(position) of \(size ?? end) bytes")
  }

  /// The offset in the blob at which the body of a response begins.
  ///
  /// - Throws: if `Content-Range` or `Content-Length` contradict the request.
  private mutating func offset(of response: RegistryResponse) throws(RegistryError) -> Int64 {
    let length = response.headers.first(name: "Content-Length")
    if response.status != 206 {
      if let length {
        guard let stated = Int64(length), stated >= 0 else {
          throw .connectionLost("unexpected Content-Length: \(length.sanitized)")
        }
        guard try isPlausible(stated) else { throw .connectionLost("unexpected Content-Length: \(length.sanitized)") }
      }
      return 0
    }
    // `bytes FIRST-LAST/SIZE` (RFC 9110, section 14.4).
    let text = response.headers.first(name: "Content-Range") ?? ""
    let numbers = text.split { "bytes -/".contains($0) }.map { Int64($0) }
    guard text.hasPrefix("bytes "), numbers.count == 3, let first = numbers[0], let last = numbers[1],
      first == position, first <= last, last < numbers[2] ?? size ?? .max, numbers[2] != nil || text.hasSuffix("/*")
    else { throw .refused(.io(.ioError), "unexpected Content-Range: \(text.sanitized)") }
    if let total = numbers[2], !(try isPlausible(total)) {
      throw .refused(.io(.ioError), "unexpected Content-Range: \(text.sanitized)")
    }
    if let length, Int64(length) != last - first + 1 {
      throw .connectionLost("unexpected Content-Length: \(length.sanitized)")
    }
    return first
  }

  /// Whether a length can be that of the blob, which it is from now on.
  private mutating func isPlausible(_ stated: Int64) throws(RegistryError) -> Bool {
    if size == nil { size = stated }
    if stated == size { return true }
    guard range == nil else { return false }
    try consider(stated)
    return true
  }

  /// Takes a length that contradicts the known one when it is stated for the second time.
  private mutating func consider(_ stated: Int64) throws(RegistryError) {
    guard otherSize == stated, stated >= position else {
      otherSize = stated
      throw .connectionLost("unexpected length: \(stated) bytes, not \(size ?? 0)")
    }
    size = stated
  }
}
