import CZstd

/// Compression of short content in memory, as one Zstandard frame.
package enum ZstdBuffer {
  /// Compresses bytes.
  package static func compress(_ bytes: Span<UInt8>) throws(DecodingError) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = unsafe bytes.withUnsafeBufferPointer { (bytes) in
      unsafe output.withUnsafeMutableBufferPointer { (output) in
        unsafe ZSTD_compress(output.baseAddress, output.count, bytes.baseAddress, bytes.count, 3)
      }
    }
    guard ZSTD_isError(count) == 0 else { throw DecodingError("no memory for the encoder") }
    output.removeLast(output.count - count)
    return output
  }

  /// Decompresses bytes of a known length.
  ///
  /// - Throws: if they are malformed, or of another length.
  package static func decompress(_ bytes: Span<UInt8>, length: Int) throws(DecodingError) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: length)
    let count = unsafe bytes.withUnsafeBufferPointer { (bytes) in
      unsafe output.withUnsafeMutableBufferPointer { (output) in
        unsafe ZSTD_decompress(output.baseAddress, output.count, bytes.baseAddress, bytes.count)
      }
    }
    guard ZSTD_isError(count) == 0, count == length else { throw DecodingError("malformed zstd") }
    return output
  }
}
