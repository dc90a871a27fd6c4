extension Descriptor {
  /// The content that the descriptor embeds in its member `data` (image-spec, `descriptor.md`); `nil` if it has none. Its
  /// digest is not checked.
  ///
  /// - Throws: ``InvalidValue`` if it is not base64, or its length is not the size.
  package func embeddedData() throws(InvalidValue) -> [UInt8]? {
    guard let bytes = try decodedData() else { return nil }
    guard bytes.count == size else { throw InvalidValue("embedded data of \(bytes.count) bytes, not \(size)") }
    return bytes
  }

  /// The content of the member `data`, of any length; `nil` if it has none.
  ///
  /// - Throws: ``InvalidValue`` if it is not base64.
  func decodedData() throws(InvalidValue) -> [UInt8]? {
    guard let member = json["data"], member != .null else { return nil }
    guard let text = member.text, let bytes = Base64.decode(text) else {
      throw InvalidValue("embedded data that is not base64")
    }
    return bytes
  }
}
