import OCI
import Testing

@Suite
struct DigestTests {
  private static let hex256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  private static let hex512 =
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

  @Test(
    "A digest round-trips through text and bytes",
    arguments: [(Digest.Algorithm.sha256, hex256), (.sha512, hex512)])
  func valid(_ algorithm: Digest.Algorithm, _ hex: String) throws {
    let digest = try Digest("\(algorithm.rawValue):\(hex)")
    #expect(digest.algorithm == algorithm)
    #expect(digest.hex == hex)
    #expect(digest.description == "\(algorithm.rawValue):\(hex)")
    #expect(Digest(algorithm, hex: hex) == digest)
    let bytes = Array(hex.utf8).indices.filter { $0 % 2 == 0 }.compactMap { (index) in
      UInt8(hex.dropFirst(index).prefix(2), radix: 16)
    }
    #expect(Digest(algorithm, bytes: bytes) == digest)
    #expect(digest.prefix == bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    // Within a longer text.
    #expect(try Digest("x\(digest)".dropFirst()) == digest)
  }

  @Test(
    "A malformed digest is rejected with a reason",
    arguments: [
      "", ":", "sha256", "sha256:", hex256, ":\(hex256)", "sha256:\(hex256.uppercased())", "SHA256:\(hex256)",
      "sha256:\(hex256)0", "sha256:\(hex256.dropLast())", "sha512:\(hex256)", "sha256:\(hex512)", " sha256:\(hex256)",
      "sha256:\(hex256) ", "sha256:\(hex256)\n", "sha256::\(hex256.dropLast())", "sha384:\(hex256)", "md5:00",
      "sha256:\(hex256.dropLast())g", "sha256:\(hex256.dropLast())/", "sha256:\(hex256.dropLast())\u{661}",
      "sha256:../\(hex256.dropFirst(3))", "sha256:\u{301}\(hex256)", "sha256:\(hex256.dropLast(2))\u{301}",
      "sha256:\(hex256.dropLast())\0", "sha256+b64:\(hex256)", "sha256:\(hex256.dropLast(3))\u{FF10}", "\u{301}",
      ":\u{301}",
    ])
  func refused(_ text: String) {
    let error = #expect(throws: InvalidValue.self) { try Digest(text) }
    #expect(error?.description.isEmpty == false)
    #expect(error?.description.contains("\n") == false)
  }

  @Test("A wrong number of bytes is rejected", arguments: Digest.Algorithm.allCases)
  func byteCounts(_ algorithm: Digest.Algorithm) {
    for count in 0...130 {
      let digest = Digest(algorithm, bytes: [UInt8](repeating: 0xA5, count: count))
      #expect((digest != nil) == (count == algorithm.byteCount))
      #expect(
        (Digest(algorithm, hex: String(repeating: "a", count: count)) != nil) == (count == 2 * algorithm.byteCount))
    }
  }

  @Test("Digests are ordered like their text, and differ in any bit")
  func order() throws {
    var bytes = [UInt8](repeating: 0x10, count: 32)
    let middle = try #require(Digest(.sha256, bytes: bytes))
    for index in bytes.indices {
      bytes[index] = 0x11
      let greater = try #require(Digest(.sha256, bytes: bytes))
      bytes[index] = 0x0F
      let smaller = try #require(Digest(.sha256, bytes: bytes))
      bytes[index] = 0x10
      #expect(smaller < middle && middle < greater && smaller != middle && middle != greater)
      #expect(!(middle < middle) && !(middle < smaller))
      #expect(smaller.description < middle.description && middle.description < greater.description)
    }
    let long = try #require(Digest(.sha512, bytes: [UInt8](repeating: 0, count: 64)))
    #expect(middle < long)
    #expect(!(long < middle))
  }
}
