import CAS
import CASPlatform
import FoundationEssentials
import OCI
import SystemPackage

/// The parsed content of a credential file.
struct CredentialFile: Sendable {
  /// The address under which Docker's own tools keep credentials for Docker Hub.
  private static let dockerHubKey = "https://index.docker.io/v1/"

  private let path: String
  private let bytes: [UInt8]
  private let content: JSON

  /// Reads a file; `nil` for one that is absent or empty.
  ///
  /// - Throws: `RegistryError.refused` for a file that is unreadable, not JSON, or too long.
  init?(_ path: String, sizeLimit: Int) throws(RegistryError) {
    guard let bytes = try SettingsFile.contentsIfPresent(path, "credentials file", limit: sizeLimit), !bytes.isEmpty
    else { return nil }
    do throws(InvalidValue) {
      content = try JSON(parsing: bytes)
    } catch {
      // The reason could quote content, so only the place is told.
      let line = error.offset.map { ":\(Self.line(at: $0, bytes))" } ?? ""
      throw .refused(.invalid, "invalid credentials file, not JSON: \(path)\(line)")
    }
    self.path = path
    self.bytes = bytes
  }

  /// The name of the helper that has the credentials for a repository, if not the file itself: the one of the
  /// registry in `credHelpers`, else `credsStore`.
  func helper(for address: RegistryAddress) -> String? {
    let keys = Self.hostKeys(for: address)
    var helper = content["credsStore"]?.text
    if case .object(let entries)? = content["credHelpers"],
      let entry = entries.first(where: { keys.contains(Self.normalized($0.name)) })
    {
      // An empty name stands for the file.
      helper = entry.value.text
    }
    return helper.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The addresses under which a helper can have the credentials for a repository.
  static func helperServers(for address: RegistryAddress) -> [String] {
    address.authority == "docker.io" ? [dockerHubKey, "docker.io"] : [address.authority]
  }

  /// The credentials in `auths` for a repository, those of the most specific key.
  ///
  /// - Throws: `RegistryError.refused` for an entry that is malformed; the message has no content of it.
  func credentials(for address: RegistryAddress) throws(RegistryError) -> Credentials? {
    guard case .object(let entries)? = content["auths"] else { return nil }
    for key in Self.keys(for: address) {
      guard let entry = entries.first(where: { Self.normalized($0.name) == key }) else { continue }
      if let found = try credentials(of: entry) { return found }
    }
    return nil
  }

  private func credentials(of member: JSON.Member) throws(RegistryError) -> Credentials? {
    let entry = member.value
    var login: (user: String, password: String)?
    if let auth = entry["auth"]?.text, !auth.isEmpty {
      guard let decoded = Data(base64Encoded: auth), let text = String(validating: decoded, as: UTF8.self) else {
        let line = Self.firstIndex(of: Array("\"\(member.name)\"".utf8), in: bytes)
          .map { ":\(Self.line(at: $0, bytes))" }
        throw .refused(.invalid, "invalid auth field, not base64 of NAME:PASSWORD: \(path)\(line ?? "")")
      }
      // Without a colon it is passed over, as other tools do.
      if let colon = text.firstIndex(of: ":") {
        // Some tools pad the password with NULs.
        login = (String(text[..<colon]), String(text[text.index(after: colon)...].prefix { $0 != "\0" }))
      }
    }
    if login == nil, let user = entry["username"]?.text, let password = entry["password"]?.text, !user.isEmpty {
      login = (user, password)
    }
    if let token = entry["identitytoken"]?.text, !token.isEmpty {
      return .identityToken(token, user: login?.user ?? Credentials.tokenUser)
    }
    return login.map { .password(user: $0.user, $0.password) }
  }

  /// The keys under which credentials for a repository can be stored, the most specific first.
  private static func keys(for address: RegistryAddress) -> [String] {
    var keys: [String] = []
    var path = address.repositoryName
    while let slash = path.lastIndex(of: "/") {
      keys.append(path)
      path = String(path[..<slash])
    }
    return keys + hostKeys(for: address)
  }

  /// The keys for all repositories of a registry.
  private static func hostKeys(for address: RegistryAddress) -> [String] {
    let aliases = address.authority == "docker.io" ? ["index.docker.io", "registry-1.docker.io"] : []
    return [address.authority] + aliases
  }

  /// A key without the scheme, and without the API version that Docker writes (`https://HOST/v1/`).
  private static func normalized(_ key: String) -> String {
    var rest = key[...]
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      // The path of a URL is an API version; without a scheme it is a repository.
      return String(rest.prefix { $0 != "/" })
    }
    while rest.hasSuffix("/") { rest = rest.dropLast() }
    return String(rest)
  }

  /// The number of the line at an offset in bytes, from 1.
  private static func line(at offset: Int, _ bytes: [UInt8]) -> Int {
    1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
  }

  private static func firstIndex(of text: [UInt8], in bytes: [UInt8]) -> Int? {
    bytes.indices.first { bytes[$0...].starts(with: text) }
  }
}
