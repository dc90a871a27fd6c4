import NIOHTTP1

/// An authentication challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
struct Challenge: Hashable, Sendable {
  /// The scheme, in lower case.
  var scheme: String
  /// The parameters, their names in lower case.
  var parameters: [String: String]

  /// Parses the challenges of a response, in their order; malformed ones are skipped.
  static func all(in headers: HTTPHeaders) -> [Challenge] {
    headers["WWW-Authenticate"].flatMap { parse($0) }
  }

  /// Parses one field. Commas separate challenges, and also the parameters of a challenge.
  static func parse(_ field: String) -> [Challenge] {
    var challenges: [Challenge] = []
    var scanner = Scanner(rest: Array(field.prefix(8192).utf8)[...])
    while true {
      scanner.skip(" ,\t")
      let token = scanner.token()
      guard !token.isEmpty else { return challenges }
      if scanner.takeEquals() {
        let value = scanner.value()
        if !challenges.isEmpty { challenges[challenges.count - 1].parameters[token.lowercased()] = value }
      } else {
        challenges.append(Challenge(scheme: token.lowercased(), parameters: [:]))
      }
    }
  }

  private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ characters: String) {
      rest = rest.drop { characters.utf8.contains($0) }
    }

    mutating func token() -> String {
      let word = rest.prefix { $0 > UInt8(ascii: " ") && !",=\"".utf8.contains($0) }
      rest = rest.dropFirst(word.count)
      return String(decoding: word, as: UTF8.self)
    }

    mutating func take(_ character: Character) -> Bool {
      guard let first = rest.first, character.asciiValue == first else { return false }
      rest = rest.dropFirst()
      return true
    }

    /// Takes `=` with the white space that a recipient must accept around it (RFC 9110, section 11.2).
    mutating func takeEquals() -> Bool {
      let start = rest
      skip(" \t")
      guard take("=") else {
        rest = start
        return false
      }
      skip(" \t")
      return true
    }

    mutating func value() -> String {
      guard take("\"") else { return token() }
      var value: [UInt8] = []
      while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
        if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
          value.append(escaped)
        } else {
          value.append(byte)
        }
      }
      return String(decoding: value, as: UTF8.self)
    }
  }
}
