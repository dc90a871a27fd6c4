/// The name of a reference: the value of `org.opencontainers.image.ref.name` (image-spec, `annotations.md`).
///
/// It is always safe as a path: without empty, `.` and `..` components and control characters, and at most 4,096 bytes long.
/// Names are compared by their bytes.
public struct ReferenceName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The maximum length, in bytes.
  public static let maximumLength = 4096

  /// The name.
  public let description: String

  /// Creates a name for a new reference, as the annotation's grammar or a registry allows it: components joined by `/`, in a
  /// component parts joined by one of `:@+`, and in a part letters, digits and `_`, also followed by `-` and `.`.
  ///
  /// - Throws: ``InvalidValue`` if it is not safe or does not follow the grammar.
  public init(_ name: String) throws(InvalidValue) {
    try self.init(reading: name)
    guard isGrammatical else {
      throw InvalidValue("malformed reference name: letters, digits and _, joined by - . : @ + /")
    }
  }

  /// Creates a name from a store, where other tools may have created it: any safe name.
  ///
  /// - Throws: ``InvalidValue`` if it is not safe.
  public init(reading name: String) throws(InvalidValue) {
    let bytes = name.utf8
    guard !bytes.isEmpty else { throw InvalidValue("empty reference name") }
    guard bytes.count <= Self.maximumLength else {
      throw InvalidValue("reference name longer than \(Self.maximumLength) bytes")
    }
    // A listing checks a hundred thousand names, each in one pass over its bytes.
    var previous: UInt8 = 0
    var component = (length: 0, dots: 0)
    for byte in bytes {
      // The category Cc of Unicode, which is stable. U+0080 to U+009F are C2 80 to C2 9F.
      guard byte >= 0x20, byte != 0x7F, previous != 0xC2 || byte > 0x9F else {
        throw InvalidValue("reference name with control characters")
      }
      previous = byte
      if byte == UInt8(ascii: "/") {
        try Self.check(component)
        component = (0, 0)
      } else {
        component.length += 1
        if byte == UInt8(ascii: ".") { component.dots += 1 }
      }
    }
    try Self.check(component)
    description = name
  }

  private static func check(_ component: (length: Int, dots: Int)) throws(InvalidValue) {
    guard component.length > 2 || component.length > component.dots else {
      throw InvalidValue("reference name with an empty, '.' or '..' component")
    }
  }

  /// Whether the name follows the grammar that new names must follow. That includes every tag, and every name of a
  /// repository with a tag or a digest (distribution-spec, "Pulling manifests").
  public var isGrammatical: Bool {
    description.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
      component.split(omittingEmptySubsequences: false) { ":@+".utf8.contains($0) }.allSatisfy { part in
        guard let first = part.first, first.isLetterOrDigit || first == UInt8(ascii: "_") else { return false }
        return part.allSatisfy { $0.isLetterOrDigit || "-._".utf8.contains($0) }
      }
    }
  }

  /// Compares the bytes.
  public static func == (left: ReferenceName, right: ReferenceName) -> Bool {
    left.description.sameBytes(as: right.description)
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in description.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }

  /// Orders by bytes.
  public static func < (left: ReferenceName, right: ReferenceName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}
