/// The file `oci-layout` that marks a directory as an image layout (image-spec, `image-layout.md`).
public enum ImageLayout {
  /// The name of the file.
  public static let fileName = "oci-layout"
  /// The supported version of the layout.
  public static let version = "1.0.0"
  /// The content of the file.
  public static let content = Array("{\"imageLayoutVersion\":\"\(version)\"}".utf8)

  /// Validates the content of the file; unknown members are ignored.
  ///
  /// - Throws: ``InvalidValue`` if it is malformed, or of another version.
  public static func validate(_ content: [UInt8]) throws(InvalidValue) {
    let value = try JSON(parsing: content)
    guard let found = value["imageLayoutVersion"]?.text else {
      throw InvalidValue("no imageLayoutVersion")
    }
    guard found == version else {
      throw InvalidValue("layout version \(found) is not supported, only \(version)")
    }
  }
}
