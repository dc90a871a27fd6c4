import OCI

/// The first error in the body of an unsuccessful response (distribution-spec, "Error Codes"), shortened and sanitized
/// for a message.
struct ServerError: CustomStringConvertible {
  /// The error code, as in `MANIFEST_UNKNOWN`.
  let code: String
  private let message: String

  /// Parses a body; `nil` if it has neither code nor message.
  init?(_ body: [UInt8]) {
    guard let value = try? JSON(parsing: body) else { return nil }
    var first = value
    if case .array(let errors)? = value["errors"], let error = errors.first { first = error }
    let code = first["code"]?.text ?? ""
    let message = first["message"]?.text ?? value["details"]?.text ?? ""
    guard !code.isEmpty || !message.isEmpty else { return nil }
    self.code = code.sanitized
    self.message = message.sanitized
  }

  var description: String { [code, message].filter { !$0.isEmpty }.joined(separator: ": ") }
}

extension String {
  /// Text of a server for a message: control and format characters become `?`, and 300 scalars are kept.
  var sanitized: String {
    let limit = 300
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: text.append("?")
      default: text.append(scalar)
      }
    }
    return String(text) + (unicodeScalars.count > limit ? "…" : "")
  }
}
