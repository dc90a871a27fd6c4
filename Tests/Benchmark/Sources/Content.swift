import Crypto

/// Generated content, and its digests.
enum Content {
  /// Deterministic pseudo-random bytes.
  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { index in
      if index & 7 == 0 { state = next(state) }
      return UInt8(truncatingIfNeeded: state >> UInt64((index & 7) * 8))
    }
  }

  /// A round of SplitMix64's mixing.
  private static func next(_ state: UInt64) -> UInt64 {
    var mixed = state &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The SHA-256 of some bytes, in hexadecimal digits.
  static func digest(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    update(&hash, bytes)
    return hexadecimal(hash)
  }

  /// Adds bytes to a hash.
  static func update(_ hash: inout SHA256, _ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
  }

  /// The result, in hexadecimal digits.
  static func hexadecimal(_ hash: SHA256) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The seconds to hash `size` bytes that are in memory already.
  static func hashingTime(_ size: Int) -> Double {
    let block = bytes(Files.chunk, seed: 1)
    return seconds {
      var hash = SHA256()
      for _ in 0..<size / block.count { update(&hash, block) }
      // Used, so that the compiler does not drop the computation.
      precondition(!hexadecimal(hash).isEmpty)
    }
  }
}
