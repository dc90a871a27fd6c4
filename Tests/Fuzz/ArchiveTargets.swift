import CAS
import CASCompression
import CASPlatform
import OCI
import SystemPackage

@testable import CASArchive

/// An archive, with corrected checksums unless its first byte is odd.
func fuzzArchive(_ input: [UInt8]) {
  var archive = Array(input.dropFirst())
  if (input.first ?? 0) & 1 == 0 { repair(&archive) }
  let file: OpenFile
  do throws(Errno) {
    file = try readable(archive)
  } catch {
    fatalError("no file in memory: \(error)")
  }
  walk(file, Int64(archive.count))
  let other = (try? ZstdBuffer.compress(archive.span)).flatMap { try? readable($0) }
  for format in ArchiveFormat.allCases {
    let found = blobs(of: file, format)
    if let other, let found { require(blobs(of: other, format) == found, "a compressed archive has other blobs") }
  }
}

/// The blobs of an archive, whose contents are checked; `nil` if it is refused.
private func blobs(of file: OpenFile, _ format: ArchiveFormat) -> Set<Digest>? {
  let store: any Engine
  do throws(CASError) {
    store = try ArchiveDriver(format).open("\(format.rawValue):/proc/self/fd/\(file.rawValue)", options: OpenOptions())
  } catch {
    require(error.code == .invalid, "\(error)")
    return nil
  }
  defer { store.close() }
  var digests: Set<Digest> = []
  do throws(CASError) {
    _ = try store.index()
    try store.forEachBlob { (digest) throws(CASError) in
      try check(digest, store)
      digests.insert(digest)
    }
  } catch {
    fatalError("\(error)")
  }
  return digests
}

/// A file that is not open for writing, because the reader would wait for its writer.
private func readable(_ content: [UInt8]) throws(Errno) -> OpenFile {
  let file = try OpenFile.open(path: "/dev/shm", [.readWrite, .unnamed], mode: 0o600)
  try file.write(content.span, at: 0)
  return try OpenFile.open(path: "/proc/self/fd/\(file.rawValue)", .readOnly)
}

private func check(_ digest: Digest, _ store: any Engine) throws(CASError) {
  let content: [UInt8]
  do throws(CASError) {
    content = try store.blobContents(digest, limit: 1 << 30)
  } catch {
    guard error.corruption?.expected == digest else { throw error }
    return
  }
  var digester = Digester(digest.algorithm)
  digester.update(content.span)
  require(digester.digest == digest, "a blob with other content is read")
  let size = try store.blobInfo(digest).size
  require(size == Int64(content.count), "a blob's size")
}

/// Checks that members are in order and within the file.
private func walk(_ file: OpenFile, _ size: Int64) {
  do throws(ArchiveError) {
    var reader = try TarReader(PlainArchive(file, size: size))
    var end: Int64 = 0
    while let member = try reader.next() {
      require(member.content.lowerBound >= end + 512 && member.content.upperBound <= size, "\(member) overlaps")
      require(member.name.count <= 4096, "a name of \(member.name.count) bytes")
      end = member.content.upperBound
    }
  } catch {
    if case .io(let errno) = error { fatalError("\(errno)") }
  }
}

/// Writes the right checksum into every header that the reader parses.
private func repair(_ archive: inout [UInt8]) {
  var start = 0
  while start + 512 <= archive.count, archive[start..<start + 512].contains(where: { $0 != 0 }) {
    for index in start + 148..<start + 156 { archive[index] = 0x20 }
    let sum = archive[start..<start + 512].reduce(0) { $0 + Int($1) }
    let digits = String(sum, radix: 8)
    let field = Array((String(repeating: "0", count: 6 - digits.utf8.count) + digits).utf8) + [0, 0x20]
    archive.replaceSubrange(start + 148..<start + 156, with: field)
    guard let header = TarHeader(Array(archive[start..<start + 512])), header.size < 1 << 20 else { return }
    start += 512 + (Int(header.size) + 511) / 512 * 512
  }
}

/// Raw records, and records made of a key and a value.
func fuzzPaxRecords(_ input: [UInt8]) {
  var records = PaxRecords()
  try? records.add(input, of: [])
  if let size = records.size { require(size >= 0, "a size of \(size)") }
  var pieces = Pieces(input)
  let path = pieces.bytes(upTo: 0)
  let other = pieces.bytes(upTo: 0)
  let size = Int64(pieces.byte()) << 40 | Int64(pieces.byte())
  var made = PaxRecords()
  let content =
    record("comment", other) + record("path", path) + record("size", Array(String(size).utf8)) + record("x.y", path)
  do throws(ArchiveError) {
    try made.add(content, of: [])
  } catch {
    fatalError("\(error)")
  }
  require(made.path == (path.isEmpty ? nil : path), "another path")
  require(made.size == size && !made.isSparse, "another size")
}

/// `LENGTH KEY=VALUE` and a line feed; the length includes its own digits.
private func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
  let rest = Array(" \(key)=".utf8) + value + [0x0A]
  var length = rest.count
  while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
  return Array(String(length).utf8) + rest
}
