import CAS
import CASPlatform
import OCI
import TestSupport
import Testing

/// The error an operation fails with; `nil` when it succeeds.
func failure<Result>(_ body: () throws(CASError) -> Result) -> CASError? {
  do throws(CASError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// Runs `body` on so many threads of its own at once, with their numbers, and waits for all of them.
func onThreads(
  _ count: Int, sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable (Int) -> Void
) throws {
  let started = Monitor(0)
  let finished = Monitor(0)
  for number in 0..<count {
    try Thread.start("test") {
      // All begin together, or the first would be done before the last is there.
      started.withLock { $0 += 1 }
      if started.wait(for: .milliseconds(60_000), until: { $0 == count }) { body(number) }
      finished.withLock { $0 += 1 }
    }
  }
  try #require(finished.wait(for: .milliseconds(240_000)) { $0 == count }, sourceLocation: sourceLocation)
}

extension SeededGenerator {
  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count {
      let word = next()
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))) }
    }
    return Array(bytes[..<count])
  }
}

/// The digest of bytes, computed without a store.
func digest(_ bytes: [UInt8], _ algorithm: Digest.Algorithm = .sha256) throws -> Digest {
  var digester = Digester(algorithm)
  digester.update(bytes.span)
  return try #require(digester.digest)
}

/// A descriptor whose digest tells it from those of other numbers.
func descriptor(_ number: Int, mediaType: String = MediaType.imageManifest) throws -> Descriptor {
  Descriptor(mediaType: mediaType, digest: try digest(Array("descriptor \(number)".utf8)), size: Int64(number))
}

/// A descriptor from its JSON text; `DIGEST` in it stands for a digest.
func descriptor(json: String) throws -> Descriptor {
  let digest = try digest([])
  return try Descriptor(parsing: Array(json.replacing("DIGEST", with: digest.description).utf8))
}

extension BlobStage {
  /// Writes bytes at an offset.
  func write(_ bytes: [UInt8], at offset: Int64) throws(CASError) {
    try write(bytes.span, at: offset)
  }

  /// Everything the stage has.
  func contents() throws(CASError) -> [UInt8] {
    var content = [UInt8](repeating: 0xEE, count: Int(size) + 10)
    var span = content.mutableSpan
    let count = try read(into: &span, at: 0)
    return Array(content[..<count])
  }
}

extension BlobReader {
  /// Up to `count` bytes from an offset on.
  func read(_ count: Int, at offset: Int64) throws(CASError) -> [UInt8] {
    var content = [UInt8](repeating: 0xEE, count: count)
    var span = content.mutableSpan
    let done = try read(into: &span, at: offset)
    return Array(content[..<done])
  }
}
