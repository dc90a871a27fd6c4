import OCI

/// A name that is a digest promises content that has it.
enum ExpectedDigest {
  /// The digest that a name is: `HEX`, of sha256's or sha512's length, or `ALGORITHM:HEX`.
  static func digest(inName name: String) -> Digest? {
    if let digest = try? Digest(name) { return digest }
    return Digest.Algorithm.allCases.lazy.compactMap { Digest($0, hex: name) }.first
  }
}
