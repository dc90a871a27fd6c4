import CAS
import CASPlatform
import OCI
import SystemPackage

/// The rules of `containers-registries.conf(5)` and of its drop-in files (`containers-registries.conf.d(5)`).
struct RegistriesConfiguration: Sendable {
  /// Where the repository of an address is, and where copies of it are.
  struct Way: Hashable, Sendable {
    struct Mirror: Hashable, Sendable {
      var address: RegistryAddress
      var use: RegistryRule.Mirror.Use
    }

    /// The registry itself, which is written to.
    var primary: RegistryAddress
    /// The mirrors, in the order in which they are read from.
    var mirrors: [Mirror] = []
  }

  /// The rules by prefix: a rule of a later file replaces one of an earlier file.
  private let rules: [String: RegistryRule]

  /// Makes a configuration from the rules of files, in the order of the files. In one file the first of several rules
  /// with a prefix counts.
  init(_ files: [RegistriesFile]) {
    rules = files.reduce(into: [:]) { rules, file in
      rules.merge(Dictionary(file.rules.map { ($0.prefix, $0) }) { first, _ in first }) { $1 }
    }
  }

  /// Reads the files: the one that `CONTAINERS_REGISTRIES_CONF` names, else the user's, else the system's. Drop-in files
  /// follow: the system's, unless the user has a file, and then the user's, each directory in the order of the names.
  ///
  /// - Throws: `RegistryError.refused` that names the file that is unreadable or malformed.
  static func load(
    environment: [String: String], systemDirectory: String = "/etc/containers"
  ) throws(RegistryError) -> RegistriesConfiguration {
    let user = environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.config/containers" }
    var directories = [systemDirectory] + (user.map { [$0] } ?? [])
    var main: RegistriesFile?
    if let path = environment["CONTAINERS_REGISTRIES_CONF"], !path.isEmpty {
      main = try RegistriesFile.load(path)
      if main == nil { throw .refused(.io(.noSuchFileOrDirectory), "missing registries file: \(path)") }
    } else if let user, let file = try RegistriesFile.load("\(user)/registries.conf") {
      main = file
      directories = [user]
    } else {
      main = try RegistriesFile.load("\(systemDirectory)/registries.conf")
    }
    var files = main.map { [$0] } ?? []
    for directory in directories {
      for path in dropIns(in: "\(directory)/registries.conf.d") {
        if let file = try RegistriesFile.load(path, isDropIn: true) { files.append(file) }
      }
    }
    return RegistriesConfiguration(files)
  }

  private static func dropIns(in path: String) -> [String] {
    // By their bytes, as Go sorts.
    DirectoryStream.readableNames(in: path).filter { $0.hasSuffix(".conf") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(path)/\($0)" }
  }

  /// The rule with the longest prefix of a repository's name, `HOST[:PORT]/REPOSITORY`.
  func rule(for name: String) -> RegistryRule? {
    rules.values.filter { $0.rest(of: name) != nil }.max { $0.prefix.utf8.count < $1.prefix.utf8.count }
  }

  /// Finds out where a repository is.
  ///
  /// - Throws: `RegistryError.refused` with EACCES for a blocked registry, and `invalid` for a location that makes no
  ///   repository's name. A blocked mirror is left out.
  func way(to address: RegistryAddress) throws(RegistryError) -> Way {
    let name = address.repositoryName
    guard let rule = rule(for: name), let rest = rule.rest(of: name) else { return Way(primary: address) }
    try Self.checkAccess(rule, name)
    var primary = address
    if let location = rule.location, location != rule.prefix {
      primary = try Self.address(location + rest, rule, isPlain: address.isPlain)
      if let other = self.rule(for: primary.repositoryName) { try Self.checkAccess(other, primary.repositoryName) }
    }
    primary.isInsecure = rule.isInsecure
    var way = Way(primary: primary)
    for mirror in rule.mirrors {
      var address = try Self.address(mirror.location + rest, rule, isPlain: false)
      address.isInsecure = mirror.isInsecure
      if self.rule(for: address.repositoryName)?.isBlocked == true { continue }
      way.mirrors.append(Way.Mirror(address: address, use: mirror.use))
    }
    return way
  }

  private static func checkAccess(_ rule: RegistryRule, _ name: String) throws(RegistryError) {
    guard rule.isBlocked else { return }
    throw .refused(.io(.permissionDenied), "registry blocked by \(rule.file), line \(rule.line): \(rule.prefix)")
  }

  private static func address(
    _ name: String, _ rule: RegistryRule, isPlain: Bool
  ) throws(RegistryError) -> RegistryAddress {
    do throws(InvalidValue) {
      return try RegistryAddress((isPlain ? RegistryAddress.plainScheme : RegistryAddress.scheme) + name)
    } catch {
      throw .refused(.invalid, "\(rule.file), line \(rule.line): \(error.reason)")
    }
  }
}
