import Crypto
import Glibc

/// A store, filled without casfs, which would take long for a million blobs.
struct Store {
  /// Its path.
  let path: String
  /// The directory of its blobs.
  var blobs: String { path + "/blobs/sha256" }

  /// Creates an empty store.
  init(at path: String) throws {
    self.path = path
    for directory in [path, path + "/blobs", path + "/blobs/sha256"] { try Files.makeDirectory(directory) }
    try Files.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: path + "/oci-layout")
    try Files.write(Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8), to: path + "/index.json")
  }

  /// Adds a blob.
  ///
  /// - Returns: the digits of its digest.
  @discardableResult
  func add(_ bytes: [UInt8]) throws -> String {
    let digest = Content.digest(of: bytes)
    try Files.write(bytes, to: "\(blobs)/\(digest)")
    return digest
  }

  /// Adds different small blobs of `bytes` bytes each.
  ///
  /// - Returns: the digits of their digests.
  @discardableResult
  func addSmall(_ count: Int, bytes: Int) throws -> [String] {
    let rest = Content.bytes(bytes, seed: 2)
    return try (0..<count).map { number in
      let start = Array("blob \(number) ".utf8)
      return try add(start + rest.dropFirst(start.count))
    }
  }

  /// Adds a big blob, durably.
  ///
  /// - Parameter isSparse: whether it is a hole, which takes no space.
  /// - Returns: the digits of its digest.
  func addBig(_ size: Int, seed: UInt64, isSparse: Bool = false) throws -> String {
    let name = blobs + "/.new"
    let file = try Files.open(name, O_WRONLY | O_CREAT | O_EXCL)
    defer { close(file) }
    var hash = SHA256()
    var chunk = isSparse ? [UInt8](repeating: 0, count: Files.chunk) : Content.bytes(Files.chunk, seed: seed)
    for number in 0..<size / chunk.count {
      if !isSparse {
        chunk.replaceSubrange(0..<16, with: Content.bytes(16, seed: seed ^ UInt64(number) << 20))
        try Files.write(chunk, to: file, name)
      }
      Content.update(&hash, chunk)
    }
    try Failure.check(ftruncate(file, size), "truncate", name)
    try Failure.check(fsync(file), "fsync", name)
    let digest = Content.hexadecimal(hash)
    try Files.rename(name, "\(blobs)/\(digest)")
    return digest
  }
}
