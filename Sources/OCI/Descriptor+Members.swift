extension Descriptor {
  /// Parses the JSON text of a descriptor that is added to a store, as ``checkOptionalMembers()``.
  ///
  /// - Throws: ``InvalidValue`` if it is not a descriptor, or an optional member has another type.
  package init(parsingNew text: [UInt8]) throws(InvalidValue) {
    try self.init(parsing: text)
    try checkOptionalMembers()
  }

  /// Checks the types of the optional members (image-spec, `descriptor.md` and `image-index.md`). `null` counts as absent.
  ///
  /// A descriptor is read without this check, because one member must not make content unreachable. It is for descriptors
  /// that are added: Go's `encoding/json` refuses the whole index for a member of another type, and with it most tools do.
  ///
  /// - Throws: ``InvalidValue`` if a member has another type, or `data` is not base64.
  package func checkOptionalMembers() throws(InvalidValue) {
    let members = json
    guard members["artifactType"]?.isTextOrNull ?? true else {
      throw InvalidValue("descriptor with an artifactType that is not a string")
    }
    guard Self.isAbsent(members["urls"], or: \.isListOfTexts) else {
      throw InvalidValue("descriptor with urls that are not strings")
    }
    _ = try decodedData()
    guard Self.isAbsent(members["platform"], or: Self.isPlatform) else {
      throw InvalidValue("descriptor with a malformed platform")
    }
  }

  private static func isPlatform(_ value: JSON) -> Bool {
    guard case .object = value else { return false }
    return ["architecture", "os", "os.version", "variant"].allSatisfy { value[$0]?.isTextOrNull ?? true }
      && isAbsent(value["os.features"], or: \.isListOfTexts)
  }

  private static func isAbsent(_ value: JSON?, or isValid: (JSON) -> Bool) -> Bool {
    guard let value, value != .null else { return true }
    return isValid(value)
  }
}

extension JSON {
  fileprivate var isListOfTexts: Bool {
    guard case .array(let elements) = self else { return false }
    return elements.allSatisfy(\.isTextOrNull)
  }
}
