import CZlib

/// A streaming decoder of gzip (RFC 1952) by zlib, which stops at the boundaries of DEFLATE blocks (RFC 1951). Only one
/// thread at a time may use it.
@safe
package final class GzipDecoder {
  /// The distance, in bytes, up to which DEFLATE refers back.
  package static let windowSize = 32 << 10

  private let stream: UnsafeMutablePointer<z_stream>

  /// Starts at the header of a member.
  package init() throws(DecodingError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    try start(windowBits: 15 + 16)
  }

  /// Starts at the boundary of a block.
  ///
  /// - Parameter window: the content before it, up to ``windowSize`` bytes.
  /// - Parameter unusedBits: the number of bits of the byte before, 0 to 7, which belong to the block.
  /// - Parameter byte: that byte.
  package init(window: Span<UInt8>, unusedBits: Int, of byte: UInt8) throws(DecodingError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    try start(windowBits: -15)
    if unusedBits > 0 {
      unsafe inflatePrime(stream, Int32(unusedBits), Int32(byte) >> Int32(8 - unusedBits))
    }
    if !window.isEmpty {
      unsafe window.withUnsafeBufferPointer { (window) in
        _ = unsafe inflateSetDictionary(stream, window.baseAddress, UInt32(window.count))
      }
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  private func start(windowBits: Int32) throws(DecodingError) {
    let status = unsafe inflateInit2_(stream, windowBits, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw DecodingError("no memory for the decoder") }
  }

  /// Starts again at the header of a member.
  package func restart() {
    unsafe inflateReset2(stream, 15 + 16)
  }

  /// The last ``windowSize`` bytes of the content, or fewer at its start.
  package func window() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.windowSize)
    var count = UInt32(bytes.count)
    unsafe inflateGetDictionary(stream, &bytes, &count)
    bytes.removeLast(bytes.count - Int(count))
    return bytes
  }

  /// Decodes until a block or the member ends, the input is used up, or the output is full.
  ///
  /// - Throws: if the member is malformed, or its checksum or length is wrong.
  package func step(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) throws(DecodingError) -> DecodingStep {
    let length = output.count
    let status = unsafe input.withUnsafeBufferPointer { (input) in
      unsafe output.withUnsafeMutableBufferPointer { (output) in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(input.count)
        unsafe stream.pointee.next_out = output.baseAddress
        unsafe stream.pointee.avail_out = UInt32(output.count)
        return unsafe inflate(stream, Z_BLOCK)
      }
    }
    let consumed = unsafe input.count - Int(stream.pointee.avail_in)
    let produced = unsafe length - Int(stream.pointee.avail_out)
    switch status {
    case Z_OK, Z_BUF_ERROR:
      let type = unsafe Int(stream.pointee.data_type)
      // Bit 7: a header or block just ended; bit 6: it is the last block, after which the trailer follows.
      let isBoundary = status == Z_OK && type & 0xC0 == 0x80
      return DecodingStep(
        consumed: consumed, produced: produced, stop: isBoundary ? .block(unusedBits: type & 7) : .buffer)
    case Z_STREAM_END: return DecodingStep(consumed: consumed, produced: produced, stop: .end)
    default:
      let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
      throw DecodingError("malformed gzip: \(message ?? "error \(status)")")
    }
  }
}
