import OCI

/// What a registry says of why it refuses (distribution-spec, "Error Codes"); of text of the server no more than fits
/// in a message.
struct ServerError: CustomStringConvertible {
  /// As in `MANIFEST_UNKNOWN`.
  let code: String
  private let message: String

  /// Reads an answer's body; `nil` when it says nothing.
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
  /// Text of a server for a message: on one line, without control characters, and not long.
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
