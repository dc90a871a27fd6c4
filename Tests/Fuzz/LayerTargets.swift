import CAS
import CASCompression
import CASPlatform
import OCI

@testable import CASImage

/// The most decoded bytes of an input that are looked at: a few bytes can expand to gigabytes.
private let contentLimit = 1 << 20

/// A layer as it is, or an archive that is compressed here, in the form that the first byte selects.
func fuzzLayer(_ input: [UInt8]) {
  let form = (input.first ?? 0) % 4
  let rest = Array(input.dropFirst())
  switch form {
  case 0: checkStream(rest)
  case 1: checkArchive(rest)
  default:
    // Two frames or members, whose content is known.
    let cut = rest.count / 2
    let parts = [Array(rest[..<cut]), Array(rest[cut...])]
    let layer = parts.flatMap { form == 2 ? frame($0) : member($0) }
    let content = checkStream(layer)
    // Any header of tar makes a layer one that is not compressed.
    let isPlain = LayerCompression(of: Array(layer.prefix(512))) == .plain
    require(isPlain || content == rest, "a layer is decoded to other content")
  }
}

private func frame(_ content: [UInt8]) -> [UInt8] {
  guard let frame = try? ZstdBuffer.compress(content.span) else { fatalError("not compressed") }
  return frame
}

/// A gzip member of stored blocks: RFC 1952, RFC 1951.
private func member(_ content: [UInt8]) -> [UInt8] {
  var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  func number(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  for start in stride(from: 0, to: content.count, by: 4096) {
    let block = content[start..<min(start + 4096, content.count)]
    member += [0] + number(UInt32(block.count), 2) + number(~UInt32(block.count), 2) + block
  }
  member += [1, 0, 0, 255, 255]
  return member + number(checksum(content), 4) + number(UInt32(content.count), 4)
}

/// CRC-32, as gzip has it.
private func checksum(_ content: [UInt8]) -> UInt32 {
  var sum = ~UInt32(0)
  for byte in content {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }
  return ~sum
}

/// Decodes a layer in one piece, in small ones, and from each place where decoding can start, which must agree.
///
/// - Returns: the content; `nil` if the layer is malformed or expands to too much.
@discardableResult private func checkStream(_ layer: [UInt8]) -> [UInt8]? {
  let compression = LayerCompression(of: Array(layer.prefix(512)))
  let whole = decode(layer, compression, chunk: 64 << 10)
  let small = decode(layer, compression, chunk: 37)
  // Beyond the limit a layer may be malformed.
  if whole.content.count == contentLimit || small.content.count == contentLimit { return nil }
  require(whole.isValid == small.isValid, "a layer is refused in small pieces alone, or in large ones")
  require(whole.content == small.content, "small pieces have other content")
  guard whole.isValid else { return nil }
  for point in whole.checkpoints.prefix(16) {
    let rest = decode(layer, compression, from: point, chunk: 4096)
    require(rest.isValid, "a layer is refused from a checkpoint")
    require(rest.content.elementsEqual(whole.content[Int(point.output)...]), "other content after a checkpoint")
  }
  checkArchive(whole.content)
  return whole.content
}

private struct Decoded {
  var content: [UInt8] = []
  var checkpoints: [Checkpoint] = []
  var isValid = false
}

private func decode(
  _ layer: [UInt8], _ compression: LayerCompression, from point: Checkpoint? = nil, chunk: Int
) -> Decoded {
  var decoded = Decoded()
  do throws(CASError) {
    let stream = try LayerStream(
      EmbeddedReader(anyDigest, layer), compression, at: point, checkpointInterval: 1, context)
    var buffer = [UInt8](repeating: 0, count: chunk)
    while decoded.content.count < contentLimit {
      var span = buffer.mutableSpan
      var part = span._mutatingExtracting(first: min(chunk, contentLimit - decoded.content.count))
      let count = try stream.read(into: &part)
      if count == 0 { break }
      decoded.content += buffer[..<count]
    }
    decoded.checkpoints = stream.checkpoints
    decoded.isValid = true
  } catch {
    require(error.code == .invalid, "\(error)")
    decoded.content = []
  }
  return decoded
}

/// Scans an archive, with corrected checksums, in one chunk and in small ones, and shows its files.
private func checkArchive(_ content: [UInt8]) {
  var archive = content
  repairChecksums(&archive)
  let whole = entries(archive, chunk: archive.count)
  require(whole == entries(archive, chunk: 61), "small chunks have other entries")
  guard let whole else { return }
  var reader = EntryTable.Reader(whole)
  do throws(DecodingError) {
    while let entry = try reader.next() {
      require(entry.size >= 0 && entry.offset >= 0, "\(entry)")
      let end = entry.kind == .file && entry.pieces == nil ? entry.offset + entry.size : entry.offset
      require(end <= Int64(archive.count), "data beyond the end")
      let parts = entry.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      require(entry.path.isEmpty || !parts.contains { $0.isEmpty || $0 == [0x2E] || $0 == [0x2E, 0x2E] }, "\(entry)")
    }
  } catch {
    fatalError("entries that are not read back: \(error.reason)")
  }
  for keepsWhiteouts in [false, true] {
    var tree = FileTree(keepingWhiteouts: keepsWhiteouts)
    for layer: UInt16 in 0..<2 { try? tree.apply(whole, layer: layer) }
  }
}

/// The entries of an archive; `nil` if it is malformed.
private func entries(_ archive: [UInt8], chunk: Int) -> [UInt8]? {
  var scanner = TarScanner()
  do throws(DecodingError) {
    for start in stride(from: 0, to: archive.count, by: max(chunk, 1)) {
      try scanner.scan(archive.span.extracting(start..<min(start + chunk, archive.count)))
    }
    try scanner.finish()
  } catch { return nil }
  return scanner.entries.bytes
}

/// Writes the right checksum into every block with the magic number of ustar, whose fields are read then.
private func repairChecksums(_ archive: inout [UInt8]) {
  for start in stride(from: 0, to: archive.count - 511, by: 512)
  where archive[start + 257..<start + 262].elementsEqual("ustar".utf8) {
    for index in start + 148..<start + 156 { archive[index] = 0x20 }
    let digits = String(archive[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
    let field = Array((String(repeating: "0", count: 6 - digits.utf8.count) + digits).utf8) + [0, 0x20]
    archive.replaceSubrange(start + 148..<start + 156, with: field)
  }
}

private let context = OperationContext("read layer", on: "fuzz")

private let anyDigest: Digest = {
  guard let digest = Digest(.sha256, bytes: [UInt8](repeating: 0, count: 32)) else { fatalError("no digest") }
  return digest
}()

/// The input is an index file without its signature and digest, which are made here.
func fuzzLayerIndex(_ input: [UInt8]) {
  require((try? LayerIndex(parsing: input)) == nil, "an index without its digest")
  guard let index = try? LayerIndex(parsing: LayerIndex.signed(input)) else { return }
  let form = index.serialized()
  guard let again = try? LayerIndex(parsing: form) else { fatalError("an index that is not read back") }
  require(again.serialized() == form, "an index is read back as another")
  for place in [Int64.min, -1, 0, 1, index.size, Int64.max] {
    if let point = index.checkpoint(before: place) { require(point.output <= place, "a checkpoint after its place") }
  }
  for point in index.checkpoints.prefix(4) {
    decodeAny(input, index, from: point)
  }
  guard let entries = try? index.entries(), entries.count < contentLimit else { return }
  var tree = FileTree()
  try? tree.apply(entries, count: index.entryCount, layer: 0)
}

/// Decodes foreign bytes from any place, which is an error or other content.
private func decodeAny(_ layer: [UInt8], _ index: LayerIndex, from point: Checkpoint) {
  var buffer = [UInt8](repeating: 0, count: Int(min(4096, index.size - point.output)))
  var span = buffer.mutableSpan
  let stream = try? LayerStream(
    EmbeddedReader(anyDigest, layer), index.compression, at: point, checkpointInterval: 1, context)
  let count = (try? stream?.read(into: &span)) ?? 0
  require(count <= span.count, "more bytes than were wanted")
}
