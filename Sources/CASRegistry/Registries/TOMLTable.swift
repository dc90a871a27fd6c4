/// A table of a TOML document (TOML 1.0.0), while it is read and afterwards.
final class TOMLTable {
  /// How the document defines the table, which decides about what may be added to it.
  enum Origin {
    /// By a longer key or header that leads through it.
    case implicit
    /// By a header, `[NAME]` or `[[NAME]]`.
    case header
    /// By dotted keys of the table around it.
    case dotted
    /// By braces, which hold all of it.
    case inline
  }

  var origin: Origin
  var values: [String: TOMLValue] = [:]
  /// The line of the definition, from 1.
  let line: Int

  init(_ origin: Origin, line: Int) {
    self.origin = origin
    self.line = line
  }
}

/// A value of a TOML document.
struct TOMLValue {
  enum Content {
    case string(String)
    case boolean(Bool)
    /// A number, a date or a time, which no setting here is.
    case other
    /// `isStatic` for one in brackets, to which headers add nothing.
    case array([TOMLValue], isStatic: Bool)
    case table(TOMLTable)
  }

  var content: Content
  /// The line where the value begins, from 1.
  var line: Int
}

/// The violation of TOML's grammar, or of what a setting may be.
struct TOMLError: Error, Hashable {
  /// The line, from 1.
  var line: Int
  var reason: String
}
