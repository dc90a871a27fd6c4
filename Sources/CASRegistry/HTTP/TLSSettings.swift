import CAS
import CASPlatform
import FoundationEssentials
import NIOSSL

/// The TLS configuration for each server that a repository leads to: the registry, its token server, its storage. A
/// client certificate is for the server whose `certs.d` directory has it.
///
/// Files are read when the first connection to a server needs them.
final class TLSSettings: Sendable {
  private struct Server: Sendable {
    var configurations: [TLSConfiguration]
    /// The client certificate in use, as an index.
    var current = 0
  }

  private let address: RegistryAddress
  private let environment: [String: String]
  private let servers = Monitor<[String: Server]>([:])

  init(for address: RegistryAddress, environment: [String: String]) {
    self.address = address
    self.environment = environment
  }

  /// The configuration for a URL with HTTPS. Equal configurations share a connection, so each is made once.
  ///
  /// - Throws: `RegistryError.refused` for a file of certificates that is unreadable or malformed.
  func configuration(for url: URL) throws(RegistryError) -> TLSConfiguration {
    let host = host(of: url)
    if let server = servers.withLock(notifying: .none, { $0[host] }) { return server.configurations[server.current] }
    let new = Server(configurations: try configurations(for: host))
    return servers.withLock(notifying: .none) { servers in
      let server = servers[host] ?? new
      servers[host] = server
      return server.configurations[server.current]
    }
  }

  /// Selects the next client certificate for the server of a URL, after it rejected the current one. The protocol tells
  /// which authorities the server accepts, but BoringSSL's caller does not learn it.
  ///
  /// - Returns: `false` if there is no further one.
  func useNextIdentity(for url: URL) -> Bool {
    let host = host(of: url)
    return servers.withLock(notifying: .none) { servers in
      guard var server = servers[host] else { return false }
      server.current = (server.current + 1) % server.configurations.count
      servers[host] = server
      return server.current > 0
    }
  }

  /// One configuration for each client certificate, or one without.
  private func configurations(for host: String) throws(RegistryError) -> [TLSConfiguration] {
    let roots = try TrustRoots(environment: environment)
    let own = try HostCertificates.load(for: host, environment: environment)
    var authorities = roots.certificates + own.authorities
    // The registry's authority may have signed the certificates of its token and storage servers as well.
    if host != address.authority {
      authorities += try HostCertificates.load(for: address.authority, environment: environment).authorities
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if !roots.hasDefaults { configuration.trustRoots = .certificates([]) }
    if !authorities.isEmpty { configuration.additionalTrustRoots = [.certificates(authorities)] }
    if address.isInsecure, host == address.authority { configuration.certificateVerification = .none }
    if own.identities.isEmpty { return [configuration] }
    return own.identities.map { identity in
      var configuration = configuration
      configuration.certificateChain = identity.chain.map { .certificate($0) }
      configuration.privateKey = .privateKey(identity.key)
      return configuration
    }
  }

  /// The name of the `certs.d` directory for a URL: `HOST` or `HOST:PORT`.
  private func host(of url: URL) -> String {
    let name = url.host?.lowercased() ?? ""
    let host = name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name
    let full = url.port.map { "\(host):\($0)" } ?? host
    return full == address.server.lowercased() ? address.authority : full
  }
}
