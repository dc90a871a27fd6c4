import CAS
import CASDirectory
import CASImage
import CASMemory
import OCI
import TestSupport

/// Images of a few layers in a store in memory.
struct ImageBuilder {
  let engine: any Engine

  /// Builds in a store.
  init(engine: any Engine) {
    self.engine = engine
  }

  /// Builds in a new store in memory.
  init() throws {
    engine = try MemoryDriver().create("mem:", options: CreateOptions())
  }

  /// Stores a blob.
  func put(_ content: [UInt8], _ mediaType: String) throws -> Descriptor {
    let stage = try engine.stageBlob(algorithm: .sha256, copying: nil)
    try stage.write(content.span, at: 0)
    let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
    return Descriptor(mediaType: mediaType, digest: address.digest, size: address.size)
  }

  /// Stores an image of layers as they are stored, and of the decoded content of each.
  func image(_ layers: [(blob: [UInt8], content: [UInt8])]) throws -> Descriptor {
    let ids = try layers.map { "\"\(try Digest.of($0.content))\"" }.joined(separator: ",")
    let config = try put(
      Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#.utf8),
      "application/vnd.oci.image.config.v1+json")
    let descriptors = try layers.map { try put($0.blob, "application/vnd.oci.image.layer.v1.tar").description }
    return try put(
      Array(
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(descriptors.joined(separator: ","))]}"#.utf8),
      MediaType.imageManifest)
  }

  /// A tar archive of regular files, with its end.
  static func tar(_ files: [(name: String, content: [UInt8])]) -> [UInt8] {
    var archive: [UInt8] = []
    for file in files {
      archive += header(Array(file.name.utf8), size: Int64(file.content.count)) + file.content
      archive += [UInt8](repeating: 0, count: (512 - file.content.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  /// A pax header of extended attributes, for the entry after it.
  static func attributes(_ attributes: [(name: String, value: [UInt8])]) -> [UInt8] {
    var records: [UInt8] = []
    for attribute in attributes {
      let record = Array(" SCHILY.xattr.\(attribute.name)=".utf8) + attribute.value + Array("\n".utf8)
      var length = record.count
      while length != record.count + String(length).utf8.count { length = record.count + String(length).utf8.count }
      records += Array(String(length).utf8) + record
    }
    return header(Array("pax".utf8), size: Int64(records.count), type: "x") + records
      + [UInt8](repeating: 0, count: (512 - records.count % 512) % 512)
  }

  /// A header of ustar.
  static func header(_ name: [UInt8], size: Int64, type: Unicode.Scalar = "0", link: String = "") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: [UInt8], _ start: Int) { for (index, byte) in text.enumerated() { block[start + index] = byte } }
    func octal(_ number: Int64, _ digits: Int) -> [UInt8] {
      let text = String(number, radix: 8)
      return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }
    put(Array(name.prefix(100)), 0)
    put(octal(0o644, 7), 100)
    put(octal(size, 11), 124)
    put(octal(1_700_000_000, 11), 136)
    put([UInt8](repeating: 32, count: 8), 148)
    block[156] = UInt8(ascii: type)
    put(Array(link.utf8), 157)
    put(Array("ustar\u{0}00".utf8), 257)
    put(octal(block.reduce(0) { $0 + Int64($1) }, 6) + [0], 148)
    return block
  }
}

extension Image {
  /// The content of a file.
  func contents(_ path: String) throws -> [UInt8] {
    guard let file = file(at: Array(path.utf8)) else { throw TestFailure("no file \(path)") }
    var content: [UInt8] = []
    try forEachChunk(of: file) { (chunk) in for index in chunk.indices { content.append(chunk[index]) } }
    return content
  }
}
