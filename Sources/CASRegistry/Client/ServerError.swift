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
