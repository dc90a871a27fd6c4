import CAS
import CASPlatform
import FoundationEssentials
import OCI
import SystemPackage

/// The credential files of container tools: `containers-auth.json(5)` and Docker's `config.json`.
struct CredentialFiles: Sendable {
  /// The longest file that is read, in bytes.
  private static let fileSizeLimit = 1 << 20

  /// The files, by descending precedence.
  private let paths: [String]
  private let environment: [String: String]

  init(environment: [String: String]) {
    var paths: [String] = []
    if let path = environment["REGISTRY_AUTH_FILE"], !path.isEmpty {
      paths = [path]
    } else {
      if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
        paths.append("\(runtime)/containers/auth.json")
      }
      if let home = environment["HOME"], !home.isEmpty {
        let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        paths.append("\(configuration)/containers/auth.json")
        let docker = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.docker"
        paths.append("\(docker)/config.json")
      }
    }
    self.paths = paths
    self.environment = environment
  }

  /// The credentials for a repository, from the first file that has any.
  ///
  /// - Throws: `RegistryError.refused` for a file that is unreadable or malformed; the message has no content of it.
  func credentials(for address: RegistryAddress) throws(RegistryError) -> Credentials? {
    for path in paths {
      guard let content = try Self.content(path) else { continue }
      if let found = try Self.credentials(in: content, path, for: address) { return found }
    }
    return nil
  }

  private static func content(_ path: String) throws(RegistryError) -> JSON? {
    let bytes: [UInt8]
    do throws(Errno) {
      bytes = try OpenFile.open(path: path, [.readOnly, .nonBlocking]).contents(limit: fileSizeLimit)
    } catch {
      if error == .noSuchFileOrDirectory || error == .notDirectory { return nil }
      throw .refused(.io(error), "unreadable credentials file \(path): \(error)")
    }
    if bytes.isEmpty { return nil }
    guard let content = try? JSON(parsing: bytes) else {
      throw .refused(.invalid, "invalid credentials file, not JSON: \(path)")
    }
    return content
  }

  private static func credentials(
    in content: JSON, _ path: String, for address: RegistryAddress
  ) throws(RegistryError) -> Credentials? {
    let keys = keys(for: address)
    for key in keys {
      if let helper = content["credHelpers"]?[key]?.text, !helper.isEmpty {
        throw .refused(
          .notImplemented, "unsupported credential helper \(helper.sanitized) in \(path)")
      }
      guard case .object(let entries) = content["auths"] ?? .null else { continue }
      guard let entry = entries.first(where: { normalized($0.name) == key })?.value else { continue }
      if let found = try credentials(of: entry, path) { return found }
    }
    if let helper = content["credsStore"]?.text, !helper.isEmpty, case .object(let entries)? = content["auths"],
      entries.contains(where: { keys.contains(normalized($0.name)) })
    {
      throw .refused(
        .notImplemented, "unsupported credential helper \(helper.sanitized) in \(path)")
    }
    return nil
  }

  private static func credentials(of entry: JSON, _ path: String) throws(RegistryError) -> Credentials? {
    if let token = entry["identitytoken"]?.text, !token.isEmpty { return .identityToken(token) }
    if let auth = entry["auth"]?.text, !auth.isEmpty {
      guard let decoded = Data(base64Encoded: auth), let text = String(validating: decoded, as: UTF8.self),
        let colon = text.firstIndex(of: ":")
      else {
        throw .refused(.invalid, "invalid auth field, not base64 of NAME:PASSWORD: \(path)")
      }
      // Some tools pad the password with NULs.
      let password = text[text.index(after: colon)...].prefix { $0 != "\0" }
      return .password(user: String(text[..<colon]), String(password))
    }
    if let user = entry["username"]?.text, let password = entry["password"]?.text, !user.isEmpty {
      return .password(user: user, password)
    }
    return nil
  }

  /// The keys under which credentials for a repository can be stored, the most specific first.
  private static func keys(for address: RegistryAddress) -> [String] {
    var keys: [String] = []
    var path = address.repositoryName
    while true {
      keys.append(path)
      guard let slash = path.lastIndex(of: "/") else { break }
      path = String(path[..<slash])
    }
    if address.authority == "docker.io" { keys += ["index.docker.io", "registry-1.docker.io"] }
    return keys
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
}
