import CASPlatform

/// Writes headers of tar: ustar of POSIX.1, and extended headers (`pax(1)`) for what does not fit into it.
enum TarWriter {
  /// The header of a file, with the extended header before it where one is needed.
  ///
  /// - Parameter path: without a slash at the ends; empty for the root.
  /// - Parameter hardLink: the path of a file that this is a further name of.
  static func header(_ file: ImageFile, _ path: [UInt8], hardLink: [UInt8]?) -> [UInt8] {
    var name = Array("./".utf8) + path
    if file.kind == .directory, !path.isEmpty { name.append(UInt8(ascii: "/")) }
    let link = hardLink.map { Array("./".utf8) + $0 } ?? file.target
    let size = hardLink == nil && file.kind == .file ? file.size : 0
    var records: [UInt8] = []
    if name.count > 100 { add("path", name, to: &records) }
    if link.count > 100 { add("linkpath", link, to: &records) }
    if size >= 1 << 33 { add("size", Array("\(size)".utf8), to: &records) }
    if file.user >= 1 << 21 { add("uid", Array("\(file.user)".utf8), to: &records) }
    if file.group >= 1 << 21 { add("gid", Array("\(file.group)".utf8), to: &records) }
    if file.modified.nanoseconds > 0 || file.modified.seconds >= 1 << 33 {
      let digits = String(file.modified.nanoseconds)
      let fraction = String(repeating: "0", count: 9 - digits.utf8.count) + digits
      add("mtime", Array("\(file.modified.seconds).\(fraction)".utf8), to: &records)
    }
    for attribute in hardLink == nil ? file.attributes.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) : [] {
      add("SCHILY.xattr.\(String(decoding: attribute.name, as: UTF8.self))", attribute.value, to: &records)
    }
    var output: [UInt8] = []
    if !records.isEmpty {
      output = block(Array("././@PaxHeader".utf8), [], type: "x", file: nil, size: Int64(records.count)) + records
      output += [UInt8](repeating: 0, count: (512 - records.count % 512) % 512)
    }
    return output + block(name, link, type: hardLink == nil ? type(file.kind) : "1", file: file, size: size)
  }

  private static func type(_ kind: FileKind) -> Unicode.Scalar {
    switch kind {
    case .file: "0"
    case .symbolicLink: "2"
    case .characterDevice: "3"
    case .blockDevice: "4"
    case .directory: "5"
    case .fifo: "6"
    }
  }

  private static func block(
    _ name: [UInt8], _ link: [UInt8], type: Unicode.Scalar, file: ImageFile?, size: Int64
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Sequence<UInt8>, at start: Int, _ length: Int) {
      for (index, byte) in bytes.prefix(length).enumerated() { block[start + index] = byte }
    }
    func put(_ number: Int64, at start: Int, digits: Int) {
      // Numbers that do not fit are in the extended header.
      let text = String(number, radix: 8)
      let fitting = text.utf8.count > digits ? "0" : text
      put((String(repeating: "0", count: digits - fitting.utf8.count) + fitting).utf8, at: start, digits)
    }
    put(name, at: 0, 100)
    put(Int64(file?.mode ?? 0o644), at: 100, digits: 7)
    put(Int64(file?.user ?? 0), at: 108, digits: 7)
    put(Int64(file?.group ?? 0), at: 116, digits: 7)
    put(size, at: 124, digits: 11)
    put(file?.modified.seconds ?? 0, at: 136, digits: 11)
    put(CollectionOfOne(UInt8(ascii: type)), at: 156, 1)
    put(link, at: 157, 100)
    put("ustar\u{0}00".utf8, at: 257, 8)
    put(Int64(file?.device.major ?? 0), at: 329, digits: 7)
    put(Int64(file?.device.minor ?? 0), at: 337, digits: 7)
    put(repeatElement(UInt8(ascii: " "), count: 8), at: 148, 8)
    put(block.reduce(0) { $0 + Int64($1) }, at: 148, digits: 6)
    block[154] = 0
    return block
  }

  /// Adds a record `LENGTH KEY=VALUE\n`, whose length counts its own digits.
  private static func add(_ key: String, _ value: [UInt8], to records: inout [UInt8]) {
    let rest = key.utf8.count + value.count + 3
    var length = rest + String(rest).utf8.count
    length = rest + String(length).utf8.count
    records += Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
  }
}
