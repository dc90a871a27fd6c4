public import CAS
import CASPlatform
import OCI

extension Image {
  private static let chunkSize = 256 << 10

  /// Writes the whole file system as one tar archive (`pax(1)`), sorted by name. Equal images give equal bytes.
  ///
  /// - Parameter write: receives the archive in chunks.
  /// - Throws: as ``read(_:into:at:cancellation:)``; errors of `write`.
  public func export(
    cancellation: CancellationToken = .none, _ write: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var names: [Int: [UInt8]] = [:]
    var waiting: [(path: [UInt8], file: ImageFile)] = [([], root)]
    while let (path, file) = waiting.popLast() {
      try OperationContext("export image", on: manifest.digest, cancellation: cancellation).checkCancellation()
      let first = file.linkCount > 1 && file.kind != .directory ? names[file.fileNumber] : nil
      let header = TarWriter.header(file, path, hardLink: first)
      try write(header.span)
      if file.kind == .directory {
        for child in children(of: file).reversed() {
          waiting.append(((path.isEmpty ? [] : path + [UInt8(ascii: "/")]) + child.nameBytes, child))
        }
      } else if file.linkCount > 1 {
        names[file.fileNumber] = first ?? path
      }
      if file.kind == .file, first == nil { try content(of: file, cancellation, write) }
    }
    let end = [UInt8](repeating: 0, count: 1024)
    try write(end.span)
  }

  private func content(
    of file: ImageFile, _ cancellation: CancellationToken, _ write: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    try forEachChunk(of: file, cancellation: cancellation, write)
    let padding = [UInt8](repeating: 0, count: Int((512 - file.size % 512) % 512))
    if !padding.isEmpty { try write(padding.span) }
  }

  /// Reads a regular file from its start to its end in chunks.
  ///
  /// - Throws: as ``read(_:into:at:cancellation:)``; errors of `body`.
  public func forEachChunk(
    of file: ImageFile, cancellation: CancellationToken = .none, _ body: (Span<UInt8>) throws(CASError) -> Void
  ) throws(CASError) {
    var chunk = [UInt8](repeating: 0, count: Int(min(Int64(Self.chunkSize), max(file.size, 1))))
    var done: Int64 = 0
    while done < file.size {
      var span = chunk.mutableSpan
      let count = try read(file, into: &span, at: done, cancellation: cancellation)
      try body(chunk.span.extracting(first: count))
      done += Int64(count)
    }
  }
}
