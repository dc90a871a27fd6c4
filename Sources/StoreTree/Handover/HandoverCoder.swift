import CAS
import CASImage
import CASPlatform
import OCI
import SystemPackage

/// Writes the state of a ``Handover``.
struct HandoverWriter {
  private var writer = ByteWriter()
  /// The files that the state refers to.
  private(set) var files: [OpenFile] = []

  var bytes: [UInt8] { writer.bytes }

  mutating func add(_ number: some FixedWidthInteger & UnsignedInteger) { writer.add(UInt64(number)) }
  mutating func add(_ number: Int32) { writer.add(Int64(number)) }
  mutating func add(_ number: Int64) { writer.add(number) }
  mutating func add(_ isTrue: Bool) { writer.add(UInt64(isTrue ? 1 : 0)) }
  mutating func add(_ bytes: [UInt8]) { writer.add(bytes) }
  mutating func add(_ text: String) { writer.add(Array(text.utf8)) }
  mutating func add(_ digest: Digest) { add(digest.description) }
  mutating func add(_ error: Errno) { add(error.rawValue) }

  mutating func add(_ process: ProcessIdentity) {
    add(process.number)
    add(process.serial)
  }

  mutating func add(_ time: Timestamp) {
    writer.add(time.seconds)
    add(time.nanoseconds)
  }

  mutating func add(_ address: BlobAddress) {
    add(address.digest)
    add(address.size)
  }

  mutating func add(_ info: BlobInfo) {
    add(info.size)
    add(info.modified)
    add(info.version)
    add(info.allocatedSize) { $0.add($1) }
  }

  mutating func add(_ metadata: FileMetadata) {
    for number in [metadata.permissions, metadata.user, metadata.group] { add(number) }
    for time in [metadata.accessed, metadata.modified, metadata.changed] { add(time) }
    add(list: metadata.attributes) {
      $0.add($1.name)
      $0.add($1.value)
    }
  }

  mutating func add(_ path: [FileName]) {
    add(list: path) { $0.add($1.text) }
  }

  mutating func add(_ file: OpenFile) {
    add(UInt64(files.count))
    files.append(file)
  }

  /// Adds a value that may be absent.
  mutating func add<Value, Failure: Error>(
    _ value: Value?, _ body: (inout HandoverWriter, Value) throws(Failure) -> Void
  ) throws(Failure) {
    add(value != nil)
    if let value { try body(&self, value) }
  }

  mutating func add<Element, Failure: Error>(
    list: some Collection<Element>, _ body: (inout HandoverWriter, Element) throws(Failure) -> Void
  ) throws(Failure) {
    add(UInt64(list.count))
    for element in list { try body(&self, element) }
  }
}

/// Reads the state of a ``Handover``. Other bytes are EBADMSG and never a trap.
struct HandoverReader {
  private var reader: ByteReader
  private let files: [OpenFile]

  init(_ bytes: [UInt8], files: [OpenFile]) {
    reader = ByteReader(bytes)
    self.files = files
  }

  var isAtEnd: Bool { reader.isAtEnd }

  /// Reads a number without a sign.
  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(Errno) -> Number {
    do { return try reader.number() } catch { throw .badMessage }
  }

  /// Reads a number that can be negative.
  mutating func signed<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(Errno) -> Number {
    guard let value = try? reader.signed(), let number = Number(exactly: value) else { throw .badMessage }
    return number
  }

  mutating func bool() throws(Errno) -> Bool { try number(UInt8.self) != 0 }

  mutating func bytes() throws(Errno) -> [UInt8] {
    do { return try reader.string() } catch { throw .badMessage }
  }

  mutating func text() throws(Errno) -> String {
    guard let text = String(validating: try bytes(), as: UTF8.self) else { throw .badMessage }
    return text
  }

  mutating func digest() throws(Errno) -> Digest {
    guard let digest = try? Digest(try text()) else { throw .badMessage }
    return digest
  }

  mutating func error() throws(Errno) -> Errno { Errno(rawValue: try signed()) }
  mutating func process() throws(Errno) -> ProcessIdentity { ProcessIdentity(try signed(), serial: try number()) }

  /// Reads the length of content.
  mutating func size() throws(Errno) -> Int64 {
    let size: Int64 = try signed()
    guard (0...Tree.maximumFileSize).contains(size) else { throw .badMessage }
    return size
  }

  mutating func time() throws(Errno) -> Timestamp {
    Timestamp(seconds: try signed(), nanoseconds: try number())
  }

  mutating func address() throws(Errno) -> BlobAddress { BlobAddress(digest: try digest(), size: try size()) }

  mutating func info() throws(Errno) -> BlobInfo {
    BlobInfo(
      size: try size(), modified: try time(), version: try number(),
      allocatedSize: try optional { (reader) throws(Errno) in try reader.signed() })
  }

  mutating func metadata() throws(Errno) -> FileMetadata {
    let (permissions, user, group): (UInt32, UInt32, UInt32) = (try number(), try number(), try number())
    let times = (try time(), try time(), try time())
    let attributes = try list { (reader) throws(Errno) in (name: try reader.text(), value: try reader.bytes()) }
    var metadata = FileMetadata(
      permissions: permissions, user: user, group: group, now: times.1, attributes: attributes)
    (metadata.accessed, metadata.changed) = (times.0, times.2)
    return metadata
  }

  mutating func path() throws(Errno) -> [FileName] {
    try list { (reader) throws(Errno) in FileName(try reader.text()) }
  }

  mutating func file() throws(Errno) -> OpenFile {
    let position: Int = try number()
    guard files.indices.contains(position) else { throw .badMessage }
    return files[position]
  }

  mutating func optional<Value>(
    _ body: (inout HandoverReader) throws(Errno) -> Value
  ) throws(Errno) -> Value? {
    try bool() ? try body(&self) : nil
  }

  mutating func list<Element>(
    _ body: (inout HandoverReader) throws(Errno) -> Element
  ) throws(Errno) -> [Element] {
    var elements: [Element] = []
    // Each element takes a byte at least, so a false number ends with the bytes.
    for _ in 0..<(try number(UInt32.self)) { elements.append(try body(&self)) }
    return elements
  }
}
