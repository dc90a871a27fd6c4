/// The compression of a layer, told by its first bytes and not by its media type.
package enum LayerCompression: UInt8, Sendable {
  /// A tar archive as it is.
  case plain
  /// gzip (RFC 1952).
  case gzip
  /// Zstandard (RFC 8878).
  case zstd

  /// Detects the compression.
  ///
  /// - Parameter start: the first bytes, up to 512. If they are a header of tar, the layer is not compressed, even if the
  ///   name of its first entry looks like a magic number.
  package init(of start: [UInt8]) {
    self = .plain
    if start.count == 512, (try? TarHeader(start)) != nil { return }
    if start.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
      || (start.count >= 4 && start[0] & 0xF0 == 0x50 && start[1...3].elementsEqual([0x2A, 0x4D, 0x18]))
    {
      // A frame, or a skippable one.
      self = .zstd
    }
  }
}
