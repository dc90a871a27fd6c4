import FoundationEssentials

@testable import OCI

/// A value of any kind, as FoundationEssentials reads it.
private enum Decoded: Decodable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([Decoded])
  case object([String: Decoded])
  /// A number that fits into neither type.
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([Decoded].self) {
      self = .array(value)
    } else if let value = try? container.decode([String: Decoded].self) {
      self = .object(value)
    } else {
      self = .other
    }
  }

  /// Whether it equals the library's value of the same text.
  func agrees(with value: JSON) -> Bool {
    switch (self, value) {
    case (.null, .null), (.other, .number): true
    case (.bool(let own), .bool(let other)): own == other
    case (.integer(let own), .number(let digits)): value.integer.map { $0 == own } ?? (Double(digits) == Double(own))
    case (.number(let own), .number(let digits)): value.integer == nil && Double(digits) == own
    case (.string(let own), .string(let other)): own.sameBytes(as: other)
    case (.array(let own), .array(let other)):
      own.count == other.count && zip(own, other).allSatisfy { $0.agrees(with: $1) }
    case (.object(let own), .object(let members)):
      // Names that are canonically equivalent are one name to a dictionary.
      own.count < members.count || members.allSatisfy { own[$0.name]?.agrees(with: $0.value) ?? false }
    default: false
    }
  }
}

/// Whether FoundationEssentials accepts a text as JSON.
private struct Anything: Decodable {
  init(from decoder: any Decoder) throws {}
}

func fuzzJSON(_ input: [UInt8]) {
  guard let value = try? JSON(parsing: input) else { return }
  require(value.isNested(atMost: 64), "nested too deep")
  require(hasNoDuplicates(value), "two members of one name")
  let text = value.serialized
  let again = try? JSON(parsing: text)
  require(again?.serialized == text, "written and read again it is another")
  require(value.canonical.canonical.serialized == value.canonical.serialized, "not canonical")
  requirePrefixesUnfinished(input)
  let decoder = JSONDecoder()
  require((try? decoder.decode(Anything.self, from: Data(input))) != nil, "FoundationEssentials refuses it")
  if let decoded = try? decoder.decode(Decoded.self, from: Data(input)) {
    require(decoded.agrees(with: value), "FoundationEssentials reads \(decoded)")
  }
}

private func hasNoDuplicates(_ value: JSON) -> Bool {
  switch value {
  case .object(let members):
    Set(members.map { Array($0.name.utf8) }).count == members.count
      && members.allSatisfy { hasNoDuplicates($0.value) }
  case .array(let elements): elements.allSatisfy(hasNoDuplicates)
  default: true
  }
}

/// Truncated text is incomplete or complete.
private func requirePrefixesUnfinished(_ text: [UInt8]) {
  for count in 0..<min(text.count, 200) {
    let prefix = Array(text[..<count])
    require(JSON.isUnfinished(prefix) || (try? JSON(parsing: prefix)) != nil, "\(count) bytes are not unfinished")
  }
}

func fuzzDescriptor(_ input: [UInt8]) {
  for type in [MediaType.imageManifest, MediaType.imageIndex, "application/json"] {
    guard let manifest = try? Manifest(parsing: input, mediaType: type) else { continue }
    let all = manifest.layers + manifest.manifests + [manifest.config, manifest.subject].compactMap(\.self)
    for descriptor in all { check(descriptor) }
  }
  if let descriptor = try? Descriptor(parsing: input) { check(descriptor) }
}

private func check(_ descriptor: Descriptor) {
  require(descriptor.size >= 0 && !descriptor.mediaType.isEmpty, "it lacks what it must have")
  let text = Array(descriptor.description.utf8)
  let again = try? Descriptor(parsing: text)
  require(again == descriptor && again?.description == descriptor.description, "read again it is another")
  guard let name = try? ReferenceName("a/b") else { return }
  let named = descriptor.named(name)
  require(named == descriptor && named.hashValue == descriptor.hashValue, "the name changes what it means")
  require(named.annotation(Descriptor.referenceNameKey) == "a/b", "it has not the name")
  require(named.named(nil).annotation(Descriptor.referenceNameKey) == nil, "the name stays")
  require(named.named(nil) == descriptor, "named and unnamed it is another")
  let index = try? ImageIndex(parsing: ImageIndex().setting(descriptor, named: name))
  require((try? index?.entry(named: name)?.descriptor.get()) == descriptor, "an index with it has it not")
}

func fuzzLayout(_ input: [UInt8]) {
  let isValid = (try? ImageLayout.validate(input)) != nil
  let version = (try? JSON(parsing: input))?["imageLayoutVersion"]?.text
  require(isValid == (version?.sameBytes(as: "1.0.0") ?? false), "version \(version ?? "nil")")
}

func fuzzDigest(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  let digest = try? Digest(text)
  let isRight = Digest.Algorithm.allCases.contains { algorithm in
    let hex = text.utf8.dropFirst(7)
    return text.utf8.starts(with: "\(algorithm.rawValue):".utf8) && hex.count == algorithm.byteCount * 2
      && hex.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }
  require((digest != nil) == isRight, "taken or refused against the grammar")
  guard let digest else { return }
  require(digest.description.sameBytes(as: text), "written as \(digest)")
  require(Digest(digest.algorithm, hex: digest.hex) == digest, "by its digits it is another")
  let bytes = stride(from: 0, to: digest.hex.utf8.count, by: 2).compactMap {
    UInt8(digest.hex.dropFirst($0).prefix(2), radix: 16)
  }
  require(Digest(digest.algorithm, bytes: bytes) == digest, "by its bytes it is another")
  var reversed = bytes
  reversed.reverse()
  guard let other = Digest(digest.algorithm, bytes: reversed) else { return }
  require((digest < other) == (digest.hex < other.hex), "not in the order of its text")
  require((digest == other) == (bytes == reversed), "equal to another")
}
