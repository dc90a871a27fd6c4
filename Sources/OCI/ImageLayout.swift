/// The file `oci-layout` that marks a directory as an image layout (image-spec, `image-layout.md`).
public enum ImageLayout {
  /// The name of the marker file.
  public static let fileName = "oci-layout"
  /// The version written and read.
  public static let version = "1.0.0"
  /// The marker file's content.
  public static let content = Array("{\"imageLayoutVersion\":\"\(version)\"}".utf8)

  /// Checks a marker file's content; members it does not know pass.
  ///
  /// - Throws: what is wrong with it, or which version it is that is not supported.
  public static func validate(_ content: [UInt8]) throws(InvalidValue) {
    let value = try JSON(parsing: content)
    guard let found = value["imageLayoutVersion"]?.text else {
      throw InvalidValue("it has no imageLayoutVersion")
    }
    guard found == version else {
      throw InvalidValue("layout version \(found) is not supported, only \(version)")
    }
  }
}
