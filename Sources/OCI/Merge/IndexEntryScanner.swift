/// Finds the end of an index entry and the hashes of its name and digest, without making values of its text.
///
/// It knows entries as tools write them: no escapes, whole numbers, few members. The parser makes values of others.
struct IndexEntryScanner {
  /// The hashes of the parts of an ``IndexEntryKey``. Parts that are equal have equal hashes.
  struct Hashes: Hashable {
    /// The hash of ``Descriptor/referenceNameKey``; 0 for an entry without it.
    var reference: UInt64
    /// The hash of ``Descriptor/imageNameKey``; 0 for an entry without it.
    var image: UInt64
    var digest: UInt64

    /// The hash of both names; 0 for an entry without a name.
    var name: UInt64 {
      if reference == 0 && image == 0 { return 0 }
      return ((reference &* IndexEntryScanner.prime) ^ image) | 1
    }
  }

  /// The most members of an object, among which duplicates are looked for.
  private static let maximumMembers = 16
  private static let maximumDepth = 6
  // Bytes, because comparing a string with a part of the text takes longer than scanning both.
  private static let digestKey = Array("digest".utf8)
  private static let mediaTypeKey = Array("mediaType".utf8)
  private static let sizeKey = Array("size".utf8)
  private static let annotationsKey = Array("annotations".utf8)
  private static let referenceNameKey = Array(Descriptor.referenceNameKey.utf8)
  private static let imageNameKey = Array(Descriptor.imageNameKey.utf8)
  private let input: [UInt8]
  private var position = 0
  /// The hashes of the names of members in the objects around the position.
  private var members: [UInt64] = []
  /// The text of ``Descriptor/referenceNameKey`` in the entry that was scanned last.
  private(set) var reference: Range<Int>?
  /// The text of ``Descriptor/imageNameKey`` in that entry.
  private(set) var image: Range<Int>?
  private var hashes = Hashes(reference: 0, image: 0, digest: 0)
  private var digest: Range<Int>?
  private var hasMediaType = false
  private var hasSize = false
  private var hasOnlyTexts = true
  /// Whether there is white space between tokens of that entry.
  private(set) var hasSpace = false

  init(_ input: [UInt8]) {
    self.input = input
  }

  /// Scans the entry that begins at an index.
  ///
  /// - Returns: `nil` for an entry of another form, which may be valid.
  mutating func scan(from start: Int) -> (end: Int, hashes: Hashes)? {
    position = start
    members.removeAll(keepingCapacity: true)
    (reference, image, digest) = (nil, nil, nil)
    hashes = Hashes(reference: 0, image: 0, digest: 0)
    (hasMediaType, hasSize, hasOnlyTexts, hasSpace) = (false, false, true, false)
    guard object(.entry, depth: 1), digest != nil else { return nil }
    return (position, hashes)
  }

  /// Whether the entry that was scanned last is certainly a descriptor.
  var isDescriptor: Bool {
    guard hasMediaType, hasSize, hasOnlyTexts, let digest else { return false }
    let name = "sha256:".utf8
    guard input[digest].starts(with: name) else { return false }
    return Digest(.sha256, hex: input.span.extracting(digest.dropFirst(name.count))) != nil
  }

  private enum Place {
    case entry, annotations, other
  }

  private mutating func object(_ place: Place, depth: Int) -> Bool {
    guard depth <= Self.maximumDepth, take("{") else { return false }
    let base = members.count
    defer { members.removeSubrange(base...) }
    skipSpace()
    if take("}") { return true }
    while true {
      skipSpace()
      guard let (name, hash) = plainString(), members.count - base < Self.maximumMembers,
        !members[base...].contains(hash)
      else { return false }
      members.append(hash)
      skipSpace()
      guard take(":") else { return false }
      skipSpace()
      guard member(name, place, depth: depth) else { return false }
      skipSpace()
      if take("}") { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func member(_ name: Range<Int>, _ place: Place, depth: Int) -> Bool {
    switch place {
    case .entry where has(Self.digestKey, at: name):
      guard let (range, hash) = plainString() else { return false }
      (digest, hashes.digest) = (range, hash)
      return true
    case .entry where has(Self.mediaTypeKey, at: name):
      guard let (range, _) = plainString() else { return false }
      hasMediaType = !range.isEmpty
      return true
    case .entry where has(Self.sizeKey, at: name):
      let start = position
      // Every number of so few digits is an `Int64`.
      hasSize = position < input.count && input[position].isDigit && number() && position - start < 19
      return hasSize
    case .entry where has(Self.annotationsKey, at: name): return object(.annotations, depth: depth + 1)
    case .annotations where has(Self.referenceNameKey, at: name):
      guard let (range, hash) = plainString() else { return false }
      (reference, hashes.reference) = (range, hash)
      return true
    case .annotations where has(Self.imageNameKey, at: name):
      guard let (range, hash) = plainString() else { return false }
      (image, hashes.image) = (range, hash)
      return true
    case .annotations:
      if position < input.count, input[position] != UInt8(ascii: "\"") { hasOnlyTexts = false }
      return value(depth: depth)
    default: return value(depth: depth)
    }
  }

  private mutating func value(depth: Int) -> Bool {
    guard position < input.count else { return false }
    switch input[position] {
    case UInt8(ascii: "\""): return plainString() != nil
    case UInt8(ascii: "{"): return object(.other, depth: depth + 1)
    case UInt8(ascii: "["):
      guard depth < Self.maximumDepth else { return false }
      position += 1
      skipSpace()
      if take("]") { return true }
      while true {
        skipSpace()
        guard value(depth: depth + 1) else { return false }
        skipSpace()
        if take("]") { return true }
        guard take(",") else { return false }
      }
    default: return number()
    }
  }

  /// A whole number that is not negative.
  private mutating func number() -> Bool {
    let start = position
    while position < input.count, input[position].isDigit { position += 1 }
    guard position > start, position < input.count, input[start] != UInt8(ascii: "0") || position == start + 1 else {
      return false
    }
    return input[position] != UInt8(ascii: ".") && input[position] | 0x20 != UInt8(ascii: "e")
  }

  /// A string of printable ASCII without escapes: its place between the quotes, and its hash.
  private mutating func plainString() -> (Range<Int>, UInt64)? {
    guard take("\"") else { return nil }
    let start = position
    var hash = Self.seed
    while position < input.count {
      let byte = input[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return (start..<position - 1, Self.nonzero(hash))
      }
      guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
      hash = (hash ^ UInt64(byte)) &* Self.prime
      position += 1
    }
    return nil
  }

  private func has(_ text: [UInt8], at range: Range<Int>) -> Bool {
    input.span.extracting(range).hasBytes(of: text.span)
  }

  private mutating func skipSpace() {
    while position < input.count, input[position] <= 0x20, JSONParser.isSpace(input[position]) {
      position += 1
      hasSpace = true
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < input.count, input[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  // MARK: Hashes: FNV-1a

  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  fileprivate static let prime: UInt64 = 0x100_0000_01B3

  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    nonzero(bytes.reduce(seed) { ($0 ^ UInt64($1)) &* prime })
  }

  private static func nonzero(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }

  static func name(_ name: IndexEntryKey.Name?) -> UInt64 {
    hashes(of: name, digest: 0).name
  }

  /// The hashes of an entry that was parsed.
  static func hashes(of key: IndexEntryKey) -> Hashes {
    hashes(of: key.name, digest: hash(key.digest))
  }

  private static func hashes(of name: IndexEntryKey.Name?, digest: UInt64) -> Hashes {
    Hashes(reference: name?.reference.map { hash($0) } ?? 0, image: name?.image.map { hash($0) } ?? 0, digest: digest)
  }
}
