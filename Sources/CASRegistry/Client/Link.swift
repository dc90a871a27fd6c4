import NIOHTTP1

/// A link of the header `Link` (RFC 8288, section 3): a URI reference and relations.
struct Link: Equatable {
  /// An absolute or relative URI.
  var target: String
  /// The relation types, in lower case.
  var relations: [String]

  /// The links of all `Link` headers, in their order; malformed ones are skipped.
  static func all(in headers: HTTPHeaders) -> [Link] { headers["Link"].flatMap { all(in: $0) } }

  /// The links of one header: `<TARGET>; rel="RELATION …"; NAME=VALUE, <TARGET>…`.
  static func all(in text: String) -> [Link] {
    var links: [Link] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      let target = rest[rest.index(after: start)..<end]
      let parameters = parameters(&rest, from: rest.index(after: end))
      let relations = parameters.first { $0.name == "rel" }?.value.lowercased() ?? ""
      links.append(
        Link(target: target.trimmingWhitespace(), relations: relations.split(separator: " ").map(String.init)))
    }
    return links
  }

  /// Parses the parameters of a link, and moves `rest` to the next one.
  private static func parameters(
    _ rest: inout Substring, from start: Substring.Index
  ) -> [(name: String, value: String)] {
    var pieces = [""]
    var isQuoted = false
    var isEscaped = false
    var position = start
    while position < rest.endIndex {
      let character = rest[position]
      if isEscaped {
        pieces[pieces.count - 1].append(character)
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if !isQuoted, character == "," {
        break
      } else if !isQuoted, character == ";" {
        pieces.append("")
      } else {
        pieces[pieces.count - 1].append(character)
      }
      position = rest.index(after: position)
    }
    rest = rest[position...]
    return pieces.map { (piece) in
      let halves = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (halves[0].trimmingWhitespace().lowercased(), halves.count == 2 ? halves[1].trimmingWhitespace() : "")
    }
  }
}
