import CZstd

/// A streaming decoder of Zstandard frames (RFC 8878) by libzstd. Only one thread at a time may use it.
@safe
package final class ZstdDecoder {
  /// The largest window, in bytes and as a power of two: 128 MiB.
  private static let windowLogLimit: Int32 = 27

  /// The bytes of a frame that are decoded alone first, fewer than any frame has: libzstd decodes a frame that is whole in
  /// the buffers without a look at its window.
  private static let startSize = 5

  private let context: OpaquePointer
  private var isAtFrame = true

  /// Starts at a frame.
  package init() throws(DecodingError) {
    guard let context = unsafe ZSTD_createDCtx() else { throw DecodingError("no memory for the decoder") }
    unsafe self.context = context
    _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogLimit)
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
  }

  /// Decodes until a frame ends, the input is used up, or the output is full.
  ///
  /// - Throws: if a frame is malformed, its checksum is wrong, or its window is larger than 128 MiB.
  package func step(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) throws(DecodingError) -> DecodingStep {
    let input = isAtFrame ? input.extracting(first: min(Self.startSize, input.count)) : input
    let (status, consumed, produced) = unsafe input.withUnsafeBufferPointer { (input) in
      unsafe output.withUnsafeMutableBufferPointer { (output) in
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let status = unsafe ZSTD_decompressStream(context, &target, &source)
        return unsafe (status, source.pos, target.pos)
      }
    }
    guard ZSTD_isError(status) == 0 else {
      throw DecodingError("malformed zstd: \(unsafe String(cString: ZSTD_getErrorName(status)))")
    }
    isAtFrame = status == 0
    return DecodingStep(consumed: consumed, produced: produced, stop: status == 0 ? .end : .buffer)
  }
}
