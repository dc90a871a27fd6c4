import OCI

extension Digest {
  /// Parses a digest as users write it: `ALGORITHM:HEX`, or `HEX` with the length of SHA-256 or SHA-512.
  init?(withOrWithoutAlgorithm text: String) {
    let digest =
      (try? Digest(text)) ?? Algorithm.allCases.lazy.compactMap { Digest($0, hex: text) }.first
    guard let digest else { return nil }
    self = digest
  }
}
