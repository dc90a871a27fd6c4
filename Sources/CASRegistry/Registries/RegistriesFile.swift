import CAS
import CASPlatform
import SystemPackage

/// The contents of one `registries.conf`, by the rules of containers-image, which skopeo and podman use.
struct RegistriesFile: Hashable, Sendable {
  /// The longest file that is read, in bytes.
  private static let sizeLimit = 1 << 20

  let rules: [RegistryRule]

  /// Reads a file; `nil` if it does not exist.
  ///
  /// - Parameter isDropIn: whether it is a file of `registries.conf.d`, which has version 2 only.
  /// - Throws: `RegistryError.refused` that names the file, and the line of a fault in it.
  static func load(_ path: String, isDropIn: Bool = false) throws(RegistryError) -> RegistriesFile? {
    guard let content = try SettingsFile.contentsIfPresent(path, "registries file", limit: sizeLimit) else {
      return nil
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw .refused(.invalid, "invalid registries file, not UTF-8: \(path)")
    }
    do throws(TOMLError) {
      return try RegistriesFile(parsing: text, path, isDropIn: isDropIn)
    } catch {
      throw .refused(.invalid, "invalid registries file \(path), line \(error.line): \(error.reason.sanitized)")
    }
  }

  /// Parses a file of version 2, or of version 1: lists of insecure and of blocked registries. Unknown settings are
  /// skipped.
  init(parsing text: String, _ path: String, isDropIn: Bool = false) throws(TOMLError) {
    let root = try TOMLDocument.read(text)
    var rules: [RegistryRule] = []
    for table in try root.tables("registry") { rules.append(try RegistryRule(table, path)) }
    if let first = root.values["registries"] {
      let table = try first.read(\.table, "registries", "a table")
      let isVersion2 = ["registry", "unqualified-search-registries", "aliases"].contains { root.values[$0] != nil }
      guard !isDropIn, !isVersion2 else {
        throw TOMLError(line: first.line, reason: "version 1 ([registries.…]) in a file of version 2")
      }
      rules = try Self.version1(table, path)
    }
    try Self.checkConflicts(rules)
    self.rules = rules
  }

  private static func version1(_ table: SettingTable, _ path: String) throws(TOMLError) -> [RegistryRule] {
    let insecure = try table.table("insecure")?.strings("registries") ?? []
    let blocked = try table.table("block")?.strings("registries") ?? []
    return try (insecure + blocked).map { (entry) throws(TOMLError) in
      let location = try RegistryRule.location(entry.text, entry.line)
      return RegistryRule(
        prefix: location, location: location, isInsecure: insecure.contains { $0.text == entry.text },
        isBlocked: blocked.contains { $0.text == entry.text }, mirrors: [], file: path, line: entry.line)
    }
  }

  /// Rejects rules for one location that contradict each other.
  private static func checkConflicts(_ rules: [RegistryRule]) throws(TOMLError) {
    var first: [String: RegistryRule] = [:]
    for rule in rules {
      let location = rule.location ?? rule.prefix
      if let other = first[location] {
        guard rule.isInsecure == other.isInsecure else {
          throw TOMLError(line: rule.line, reason: "insecure differs from line \(other.line) for \(location)")
        }
        guard rule.isBlocked == other.isBlocked else {
          throw TOMLError(line: rule.line, reason: "blocked differs from line \(other.line) for \(location)")
        }
      } else {
        first[location] = rule
      }
    }
  }
}

extension RegistryRule {
  fileprivate init(_ table: SettingTable, _ path: String) throws(TOMLError) {
    var location = try table.string("location").map { (entry) throws(TOMLError) in
      try Self.location(entry.text, entry.line)
    }
    if location?.isEmpty == true { location = nil }
    let prefix = try table.string("prefix")
    let isDigestOnly = try table.boolean("mirror-by-digest-only")
    if let prefix, !prefix.text.isEmpty {
      self.prefix = try Self.location(prefix.text, prefix.line)
      let isDomain = self.prefix.hasPrefix("*.")
      if isDomain, self.prefix.contains(where: { "/@:".contains($0) }) {
        throw TOMLError(line: prefix.line, reason: "prefix is not of the form *.DOMAIN: \(self.prefix)")
      }
      guard isDomain || location != nil else {
        throw TOMLError(line: table.line, reason: "missing location for the prefix \(self.prefix)")
      }
    } else {
      guard let location else { throw TOMLError(line: table.line, reason: "missing prefix and location") }
      self.prefix = location
    }
    if let use = try table.string("pull-from-mirror") {
      throw TOMLError(line: use.line, reason: "pull-from-mirror is for a mirror only")
    }
    self.location = location
    isInsecure = try table.boolean("insecure")
    isBlocked = try table.boolean("blocked")
    mirrors = try table.tables("mirror").map { (mirror) throws(TOMLError) in
      try Mirror(mirror, isDigestOnly: isDigestOnly)
    }
    file = path
    line = table.line
  }

  /// Checks a location, and drops slashes at its end.
  fileprivate static func location(_ text: String, _ line: Int) throws(TOMLError) -> String {
    guard !text.hasPrefix("http://"), !text.hasPrefix("https://") else {
      throw TOMLError(line: line, reason: "location with a scheme, not HOST[:PORT][/PATH]: \(text)")
    }
    var text = text[...]
    while text.hasSuffix("/") { text = text.dropLast() }
    return String(text)
  }
}

extension RegistryRule.Mirror {
  fileprivate init(_ table: SettingTable, isDigestOnly: Bool) throws(TOMLError) {
    guard let entry = try table.string("location"), !entry.text.isEmpty else {
      throw TOMLError(line: table.line, reason: "missing location of a mirror")
    }
    location = try RegistryRule.location(entry.text, entry.line)
    isInsecure = try table.boolean("insecure")
    use = isDigestOnly ? .digestOnly : .all
    guard let text = try table.string("pull-from-mirror"), !text.text.isEmpty else { return }
    guard !isDigestOnly else {
      throw TOMLError(line: text.line, reason: "pull-from-mirror beside mirror-by-digest-only")
    }
    guard let use = Use(rawValue: text.text) else {
      throw TOMLError(line: text.line, reason: "pull-from-mirror is not all, digest-only or tag-only: \(text.text)")
    }
    self.use = use
  }
}

extension SettingTable {
  /// A setting with the line where it stands.
  fileprivate typealias Text = (text: String, line: Int)

  fileprivate func string(_ name: String) throws(TOMLError) -> Text? {
    try values[name].map { (value) throws(TOMLError) in (try value.read(\.string, name, "a string"), value.line) }
  }

  fileprivate func boolean(_ name: String) throws(TOMLError) -> Bool {
    try values[name]?.read(\.boolean, name, "true or false") ?? false
  }

  fileprivate func table(_ name: String) throws(TOMLError) -> SettingTable? {
    try values[name]?.read(\.table, name, "a table")
  }

  fileprivate func strings(_ name: String) throws(TOMLError) -> [Text] {
    try elements(name).map { (value) throws(TOMLError) in
      (try value.read(\.string, name, "an array of strings"), value.line)
    }
  }

  fileprivate func tables(_ name: String) throws(TOMLError) -> [SettingTable] {
    try elements(name).map { (value) throws(TOMLError) in try value.read(\.table, name, "an array of tables") }
  }

  private func elements(_ name: String) throws(TOMLError) -> [Setting] {
    try values[name]?.read(\.elements, name, "an array") ?? []
  }
}

extension Setting {
  /// Reads one kind of content.
  ///
  /// - Throws: `TOMLError` "NAME is not KIND" for content of another kind.
  fileprivate func read<Value>(
    _ content: (Content) -> Value?, _ name: String, _ kind: String
  ) throws(TOMLError) -> Value {
    guard let value = content(self.content) else { throw TOMLError(line: line, reason: "\(name) is not \(kind)") }
    return value
  }
}

extension Setting.Content {
  fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
  fileprivate var boolean: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
  fileprivate var table: SettingTable? { if case .table(let table) = self { table } else { nil } }
  fileprivate var elements: [Setting]? { if case .array(let elements) = self { elements } else { nil } }
}
