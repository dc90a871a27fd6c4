import CASPlatform

extension BlobStage {
  /// Writes the next piece of content that comes in order. A long piece of zeros is left out, and becomes a hole.
  func append(_ bytes: Span<UInt8>, at offset: Int64) throws(CASError) {
    if bytes.count >= 64 << 10, bytes.isZero { return }
    try write(bytes, at: offset)
  }

  /// Ends content that was appended, whose last piece may be a hole.
  func endContent(at end: Int64) throws(CASError) {
    if size < end { try truncate(to: end) }
  }
}
