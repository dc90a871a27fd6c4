import OCI

/// Inode numbers, and the node ids derived from them.
///
/// Fixed nodes have small numbers. The others have their kind in the top three bits. The numbers of blobs and
/// references are hashes of digest and name, so the next daemon gives the same ones.
enum Inode {
  static let root: UInt64 = 1
  static let layout: UInt64 = 2
  static let index: UInt64 = 3
  static let blobs: UInt64 = 4
  static let refs: UInt64 = 5
  static let incoming: UInt64 = 6
  static let committed: UInt64 = 7
  static let images: UInt64 = 8

  private static let mask: UInt64 = (1 << 61) - 1

  static func algorithm(_ algorithm: Digest.Algorithm) -> UInt64 {
    switch algorithm {
    case .sha256: 16
    case .sha512: 17
    }
  }

  static func blob(_ digest: Digest) -> UInt64 { 1 << 61 | digest.prefix & mask }
  static func blobNode(_ digest: Digest, version: UInt64) -> UInt64 {
    1 << 61 | (digest.prefix ^ version &* 0x9E37_79B9_7F4A_7C15) & mask
  }
  /// The number of a path below `refs` or `images`, between two texts.
  static func reference(_ path: [FileName], after prefix: String = "", before suffix: String = "") -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    add(prefix)
    for (position, name) in path.enumerated() {
      if position > 0 { add("/") }
      add(name.text)
    }
    add(suffix)
    return 2 << 61 | hash & mask
  }
  /// The number of a file in an image, from the digest of the manifest, and the number of the file in its tree or that of
  /// one layer. Hard links share it.
  static func imageFile(_ manifest: Digest, layer: Int?, number: Int) -> UInt64 {
    // Both factors are odd, so each number of a file gives another result.
    let start = manifest.prefix &+ UInt64(layer.map { $0 + 1 } ?? 0) &* 0xD1B5_4A32_D192_ED03
    return 5 << 61 | (start &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15) & mask
  }
  static func incoming(_ number: UInt64) -> UInt64 { 3 << 61 | number & mask }
  static func committed(_ number: UInt64) -> UInt64 { 4 << 61 | number & mask }
  /// The number of a member of `incoming`, and whether the inode number is that of its link in `committed`.
  static func incomingNumber(_ inode: UInt64) -> (number: UInt64, isCommitted: Bool)? {
    let kind = inode >> 61
    return kind == 3 || kind == 4 ? (inode & mask, kind == 4) : nil
  }
}
