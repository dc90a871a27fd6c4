import StoreTree

/// A record of a ``StateLog``.
///
/// Four bytes of length, which is that of the whole record, one of the kind, and numbers of eight bytes, little-endian; a
/// name or a text comes last.
enum StateRecord: Equatable {
  /// The kernel is about to know a node.
  case node(NodeID, NodePlace)
  /// The kernel has forgotten a node.
  case forgotten(NodeID)
  case passthrough(PassthroughEvent)
  /// A member of `incoming` is as the text says; without a text it is gone.
  case member(UInt64, [UInt8]?)
  /// The version of `index.json` that is served.
  case index(RecordedIndex)

  private enum Kind: UInt8 {
    case node = 1
    /// A node whose name is 64 hexadecimal digits, which are kept as 32 bytes.
    case blob, forgotten, opened, released, registered, closed, answered, member, removedMember, index
  }

  private static let headerLength = 5
  /// The longest record of a node in bytes: two numbers and a name. A name of 255 bytes on the wire can be longer as text.
  static let maximumLength = headerLength + 16 + 2048

  /// The record as bytes.
  var bytes: [UInt8] {
    switch self {
    case .node(let node, let place):
      if let digest = Self.packed(place.name) {
        return Self.bytes(.blob, [node.rawValue, place.parent.rawValue], digest)
      }
      return Self.bytes(.node, [node.rawValue, place.parent.rawValue], Array(place.name.utf8))
    case .member(let number, let text):
      return Self.bytes(text == nil ? .removedMember : .member, [number], text ?? [])
    case .index(let index): return Self.bytes(.index, [index.source, index.version], index.digest)
    case .forgotten(let node): return Self.bytes(.forgotten, [node.rawValue])
    case .passthrough(let event):
      return switch event {
      case .opened(let node, let id, let unique):
        Self.bytes(.opened, [node.rawValue, UInt64(UInt32(bitPattern: id ?? 0)), unique])
      case .released(let node, let unique): Self.bytes(.released, [node.rawValue, unique])
      case .registered(let id): Self.bytes(.registered, [UInt64(UInt32(bitPattern: id))])
      case .closed(let id): Self.bytes(.closed, [UInt64(UInt32(bitPattern: id))])
      case .answered(let unique): Self.bytes(.answered, [unique])
      }
    }
  }

  /// The first record of some bytes and its length; `nil` if there are fewer bytes.
  static func first(of bytes: ArraySlice<UInt8>) -> (record: StateRecord, length: Int)? {
    guard bytes.count >= headerLength else { return nil }
    let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length >= headerLength, bytes.count >= length, let kind = Kind(rawValue: bytes[bytes.startIndex + 4])
    else { return nil }
    let body = bytes.dropFirst(headerLength).prefix(length - headerLength)
    guard let record = StateRecord(kind, body) else { return nil }
    return (record, length)
  }

  private init?(_ kind: Kind, _ body: ArraySlice<UInt8>) {
    func number(_ index: Int) -> UInt64 {
      body.dropFirst(index * 8).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func id(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: number(index)) }
    let place = { (name: String) in NodePlace(parent: NodeID(number(1)), name: name) }
    switch kind {
    case .node where body.count >= 16:
      self = .node(NodeID(number(0)), place(String(decoding: body.dropFirst(16), as: UTF8.self)))
    case .blob where body.count == 48: self = .node(NodeID(number(0)), place(Self.unpacked(body.dropFirst(16))))
    case .member where body.count >= 8: self = .member(number(0), Array(body.dropFirst(8)))
    case .removedMember where body.count == 8: self = .member(number(0), nil)
    case .index where body.count == 48:
      self = .index(RecordedIndex(source: number(0), version: number(1), digest: Array(body.dropFirst(16))))
    case .forgotten where body.count == 8: self = .forgotten(NodeID(number(0)))
    case .opened where body.count == 24:
      self = .passthrough(.opened(NodeID(number(0)), id(1) == 0 ? nil : id(1), unique: number(2)))
    case .released where body.count == 16: self = .passthrough(.released(NodeID(number(0)), unique: number(1)))
    case .registered where body.count == 8: self = .passthrough(.registered(id(0)))
    case .closed where body.count == 8: self = .passthrough(.closed(id(0)))
    case .answered where body.count == 8: self = .passthrough(.answered(unique: number(0)))
    default: return nil
    }
  }

  private static func bytes(_ kind: Kind, _ numbers: [UInt64], _ name: [UInt8] = []) -> [UInt8] {
    let length = headerLength + numbers.count * 8 + name.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length)
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    bytes.append(kind.rawValue)
    for number in numbers {
      for shift in stride(from: 0 as UInt64, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    return bytes + name
  }

  /// The bytes of a name that is a SHA-256 in hexadecimal digits.
  private static func packed(_ name: String) -> [UInt8]? {
    guard name.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for digit in name.utf8 {
      let value: UInt8
      switch digit {
      case 0x30...0x39: value = digit - 0x30
      case 0x61...0x66: value = digit - 0x61 + 10
      default: return nil
      }
      if let first = high { bytes.append(first << 4 | value) }
      high = high == nil ? value : nil
    }
    return bytes
  }

  private static func unpacked(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
