import OCI

/// The parsed and validated URI of a repository: `docker://HOST[:PORT]/REPOSITORY`.
struct RegistryAddress: Hashable, Sendable, CustomStringConvertible {
  static let scheme = "docker://"
  /// The scheme with which the user requests plain HTTP.
  static let plainScheme = "docker+http://"
  /// The longest repository name, in bytes.
  private static let maximumLength = 255

  /// `HOST` or `HOST:PORT`, as messages and credential files have it.
  let authority: String
  /// The repository's name (distribution-spec, "Pulling manifests").
  let repository: String
  /// Whether the user requested plain HTTP.
  let isPlain: Bool
  /// Whether the registry is on this machine.
  let isLoopback: Bool
  /// Whether `registries.conf` allows plain HTTP, and certificates that cannot be verified.
  var isInsecure = false

  /// Whether a URI has one of the schemes, valid or not.
  static func isAddress(_ uri: String) -> Bool {
    uri.utf8.starts(with: scheme.utf8) || uri.utf8.starts(with: plainScheme.utf8)
  }

  /// Parses a URI. `docker.io` gets the `library/` prefix that Docker implies.
  ///
  /// - Throws: `InvalidValue` with the part that is malformed.
  init(_ uri: String) throws(InvalidValue) {
    isPlain = uri.utf8.starts(with: Self.plainScheme.utf8)
    guard Self.isAddress(uri) else { throw InvalidValue("invalid repository URI, not docker://HOST[:PORT]/REPOSITORY") }
    let rest = uri.dropFirst((isPlain ? Self.plainScheme : Self.scheme).count)
    guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex else {
      throw InvalidValue("invalid repository URI, not docker://HOST[:PORT]/REPOSITORY")
    }
    var authority = String(rest[..<slash])
    var repository = String(rest[rest.index(after: slash)...])
    let host = try Self.host(of: authority)
    if authority == "index.docker.io" || authority == "registry-1.docker.io" { authority = "docker.io" }
    if authority == "docker.io", !repository.contains("/") { repository = "library/\(repository)" }
    guard repository.utf8.count <= Self.maximumLength, Self.isRepository(repository) else {
      throw InvalidValue("invalid repository name, not lower-case path components: \(repository)")
    }
    self.authority = authority
    isLoopback = Self.isLoopback(host)
    self.repository = repository
  }

  /// The URI.
  var description: String { (isPlain ? Self.plainScheme : Self.scheme) + repositoryName }

  /// Host and repository, as messages name them.
  var repositoryName: String { "\(authority)/\(repository)" }

  /// The authority to connect to: `docker.io` is served by `registry-1.docker.io`.
  var server: String { authority == "docker.io" ? "registry-1.docker.io" : authority }

  /// Whether a host is `localhost`, in 127.0.0.0/8, or `::1`.
  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "[::1]" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func host(of authority: String) throws(InvalidValue) -> String {
    guard let parts = HostAndPort(authority[...]) else { throw InvalidValue("invalid host name: \(authority)") }
    let host = parts.host
    if parts.isBracketed {
      guard host.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else {
        throw InvalidValue("invalid IPv6 address: [\(host)]")
      }
    } else {
      guard !host.isEmpty,
        host.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
      else { throw InvalidValue("invalid host name: \(host)") }
    }
    if let port = parts.port, HostAndPort.number(of: port) == nil {
      throw InvalidValue("invalid port, not 1 to 65535: \(port)")
    }
    return String(host)
  }

  private static func isRepository(_ name: String) -> Bool {
    name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
      guard let first = component.first, let last = component.last, isLower(first), isLower(last) else { return false }
      let separators = component.split(omittingEmptySubsequences: true, whereSeparator: isLower)
      return separators.allSatisfy { run in
        run.allSatisfy { $0 == UInt8(ascii: "-") } || run.elementsEqual("_".utf8) || run.elementsEqual("__".utf8)
          || run.elementsEqual(".".utf8)
      }
    }
  }

  /// Whether a text is a valid tag (distribution-spec, "Pulling manifests").
  static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
    let underscore = UInt8(ascii: "_")
    return (first.isLetterOrDigit || first == underscore)
      && text.utf8.allSatisfy {
        $0.isLetterOrDigit || $0 == underscore || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
      }
  }

  private static func isLower(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte.isDigit
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    byte.isDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= (byte | 0x20)
  }
}
