import OCI
import TestSupport

/// Makes tar archives (ustar) in memory, of members that tar(1) would refuse too.
struct TarBuilder {
  private(set) var bytes: [UInt8] = []

  /// The archive with its end mark.
  var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  /// Adds a file.
  mutating func add(_ name: String, _ content: [UInt8]) {
    add(name, "0", "", size: content.count)
    bytes += content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// Adds a symbolic link.
  mutating func link(_ name: String, to target: String) {
    add(name, "2", target, size: 0)
  }

  /// Adds a header.
  mutating func add(_ name: String, _ type: Character, _ target: String, size: Int) {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at start: Int) {
      for (index, byte) in text.utf8.enumerated() { block[start + index] = byte }
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put(String(repeating: "0", count: 11 - String(size, radix: 8).count) + String(size, radix: 8), at: 124)
    put("00000000001", at: 136)
    put("        \(type)\(target)", at: 148)
    put("ustar\0" + "00", at: 257)
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0", at: 148)
    bytes += block
  }
}

/// An image of `docker save`: a configuration, and layers of one file each.
struct DockerImageSample {
  /// The layers, which are not compressed.
  var layers: [[UInt8]]
  var config: [UInt8]

  init(_ texts: [String]) throws {
    layers = texts.enumerated().map { (number, text) in
      var tar = TarBuilder()
      tar.add("file\(number)", text.bytes)
      return tar.archive
    }
    let list = try layers.map { "\"\(try Digest.of($0))\"" }.joined(separator: ",")
    config =
      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\(list)]}}".bytes
  }

  /// The element of `manifest.json`.
  static func element(_ config: String, tags: [String]?, _ layers: [String]) -> String {
    func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
    return "{\"Config\":\"\(config)\",\"RepoTags\":\(tags.map(list) ?? "null"),\"Layers\":\(list(layers))}"
  }
}
