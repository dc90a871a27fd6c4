/// A set of hashes behind a Bloom filter of 64 bits, looked up once for each of very many entries. The filter answers for
/// nearly all that are absent, because a change concerns few names.
struct HashFilter {
  private let hashes: Set<UInt64>
  private let filter: UInt64

  init(_ hashes: Set<UInt64>) {
    self.hashes = hashes
    filter = hashes.reduce(0) { $0 | Self.bit(of: $1) }
  }

  func contains(_ hash: UInt64) -> Bool {
    filter & Self.bit(of: hash) != 0 && hashes.contains(hash)
  }

  private static func bit(of hash: UInt64) -> UInt64 { 1 << (hash >> 7 & 63) }
}
