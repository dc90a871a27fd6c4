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
    // The category Cc of Unicode, which is stable: looking up the category of each character is slow.
    guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || 0x7F...0x9F ~= $0.value }) else {
      throw InvalidValue("reference name with control characters")
    }
    for component in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard !component.isEmpty, !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8) else {
        throw InvalidValue("reference name with an empty, '.' or '..' component")
      }
    }
    description = name
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
