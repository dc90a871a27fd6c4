/// A JSON value (RFC 8259) that keeps the order of members and the text of numbers.
///
/// Foundation's decoders lose both, but unknown members of an index must survive a rewrite.
public enum JSON: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number, as its text.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSON])
  /// An object: its members in their order, with distinct names.
  case object([Member])

  /// A member of an object.
  public struct Member: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: JSON

    /// Creates a member from its parts.
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }

    /// Whether the bytes of the names, and the values, are the same.
    public static func == (_ member: Member, _ other: Member) -> Bool {
      member.name.sameBytes(as: other.name) && member.value == other.value
    }
  }

  /// Whether two values are the same. Strings, names and numbers are compared by their bytes: those that are canonically
  /// equivalent are different content.
  public static func == (_ value: JSON, _ other: JSON) -> Bool {
    switch (value, other) {
    case (.null, .null): true
    case (.bool(let value), .bool(let other)): value == other
    case (.number(let value), .number(let other)), (.string(let value), .string(let other)): value.sameBytes(as: other)
    case (.array(let value), .array(let other)): value == other
    case (.object(let value), .object(let other)): value == other
    default: false
    }
  }

  /// The value of a member; `nil` if it is absent or this is not an object.
  public subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.sameBytes(as: name) }?.value
  }

  /// The text of a string; `nil` for other values.
  public var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// Whether the value is a string, or `null`, which Go's `encoding/json` reads as an absent string.
  var isTextOrNull: Bool { text != nil || self == .null }

  /// The value of a whole number within the range of the type; `nil` for other values.
  public var integer: Int64? {
    guard case .number(let digits) = self else { return nil }
    return Int64(digits)
  }

  /// The value with the members of every object sorted by the bytes of their names, for comparison.
  package var canonical: JSON {
    switch self {
    case .null, .bool, .number, .string: self
    case .array(let elements): .array(elements.map(\.canonical))
    case .object(let members):
      .object(
        members.map { Member($0.name, $0.value.canonical) }
          .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    }
  }

  /// Whether arrays and objects are nested at most this deep.
  func isNested(atMost depth: Int) -> Bool {
    switch self {
    case .null, .bool, .number, .string: true
    case .array(let elements): depth > 0 && elements.allSatisfy { $0.isNested(atMost: depth - 1) }
    case .object(let members): depth > 0 && members.allSatisfy { $0.value.isNested(atMost: depth - 1) }
    }
  }

  /// The value as one line of JSON without white space, with the minimum of escapes.
  public var serialized: [UInt8] {
    var output: [UInt8] = []
    append(to: &output)
    return output
  }

  private func append(to output: inout [UInt8]) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let digits): output.append(contentsOf: digits.utf8)
    case .string(let text): Self.append(quoted: text, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        element.append(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.append(quoted: member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.append(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func append(quoted text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    defer { output.append(UInt8(ascii: "\"")) }
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      // Copied in one piece, as nearly every text is.
      output.append(contentsOf: text.utf8)
      return
    }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
      case UInt8(ascii: "\n"): output.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\r"): output.append(contentsOf: "\\r".utf8)
      case UInt8(ascii: "\t"): output.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        output.append(contentsOf: "\\u00".utf8)
        output.append(digits[Int(byte >> 4)])
        output.append(digits[Int(byte & 15)])
      default: output.append(byte)
      }
    }
  }
}

extension String {
  /// Whether two strings have the same UTF-8 bytes. `==` compares by canonical equivalence, but names of files and
  /// references are different if their bytes are.
  package func sameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}
