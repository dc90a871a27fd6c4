import CAS
import FoundationEssentials
import SystemPackage

/// The proxy of each URL, by the environment variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as Go's `net/http`
/// reads them, so that casfs goes the way of skopeo, podman and crane.
///
/// A proxy is parsed when a URL needs it: a malformed one for plain HTTP does not matter to a registry with HTTPS.
struct ProxyRules: Sendable {
  /// An entry of `NO_PROXY`.
  private enum Exception: Hashable, Sendable {
    case all
    case network(IPAddress, prefixLength: Int)
    case address(IPAddress, port: Int?)
    /// A domain with a leading dot; `isHost` if the name itself is meant too.
    case domain(String, port: Int?, isHost: Bool)
  }

  private struct Setting: Sendable {
    var variable: String
    var value: String
  }

  private let http: Setting?
  private let https: Setting?
  private let isCGI: Bool
  private let exceptions: [Exception]

  /// Reads the variables. The spelling in upper case counts if both are set.
  init(environment: [String: String]) {
    func setting(_ name: String) -> Setting? {
      for name in [name, name.lowercased()] {
        if let value = environment[name], !value.isEmpty { return Setting(variable: name, value: value) }
      }
      return nil
    }
    http = setting("HTTP_PROXY")
    https = setting("HTTPS_PROXY")
    isCGI = environment["REQUEST_METHOD"].map { !$0.isEmpty } ?? false
    exceptions = Self.exceptions(setting("NO_PROXY")?.value ?? "")
  }

  /// The proxy for a URL; `nil` for a direct connection.
  ///
  /// - Throws: `RegistryError.refused` for a malformed variable, and for `HTTP_PROXY` in a CGI program, where a client's
  ///   `Proxy` header sets it.
  func proxy(for url: URL) throws(RegistryError) -> Proxy? {
    let isSecure = url.scheme == "https"
    guard let setting = isSecure ? https : http, let host = url.host?.lowercased() else { return nil }
    guard isProxied(host, port: url.port ?? (isSecure ? 443 : 80)) else { return nil }
    if isCGI, !isSecure {
      throw .refused(.io(.permissionDenied), "untrusted \(setting.variable) in a CGI program, REQUEST_METHOD is set")
    }
    return try Proxy(setting.value, variable: setting.variable)
  }

  private func isProxied(_ host: String, port: Int) -> Bool {
    if host == "localhost" { return false }
    let host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    let address = IPAddress(host)
    if address?.isLoopback == true { return false }
    return !exceptions.contains { exception in
      switch exception {
      case .all: true
      case .network(let network, let length): address?.hasPrefix(of: network, length: length) ?? false
      case .address(let other, let otherPort): address == other && (otherPort ?? port) == port
      case .domain(let domain, let otherPort, let isHost):
        (otherPort ?? port) == port && (host.hasSuffix(domain) || (isHost && host == domain.dropFirst()))
      }
    }
  }

  /// Parses `NO_PROXY`: malformed entries are skipped, and `*` makes all others moot.
  private static func exceptions(_ text: String) -> [Exception] {
    let entries = text.split(separator: ",").map { trimmed($0).lowercased() }.filter { !$0.isEmpty }
    if entries.contains("*") { return [.all] }
    return entries.compactMap(exception)
  }

  private static func exception(_ entry: String) -> Exception? {
    if let slash = entry.firstIndex(of: "/"), let network = IPAddress(entry[..<slash]),
      let length = Int(entry[entry.index(after: slash)...]), 0...(network.isIPv4 ? 32 : 128) ~= length
    {
      return .network(network, prefixLength: length)
    }
    var host = entry[...]
    var port: Int?
    // An IPv6 address may stand without brackets.
    if IPAddress(host) == nil {
      guard let parts = HostAndPort(host) else { return nil }
      host = parts.host
      if let text = parts.port {
        guard let number = HostAndPort.number(of: text) else { return nil }
        port = number
      }
    }
    if let address = IPAddress(host) { return .address(address, port: port) }
    if host.hasPrefix("*.") { host = host.dropFirst() }
    guard !host.isEmpty else { return nil }
    return host.hasPrefix(".")
      ? .domain(String(host), port: port, isHost: false) : .domain(".\(host)", port: port, isHost: true)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return text
  }
}
