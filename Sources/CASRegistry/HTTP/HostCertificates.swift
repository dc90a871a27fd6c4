import CAS
import CASPlatform
import NIOSSL
import SystemPackage

/// The files `certs.d/HOST[:PORT]/` for one server (`containers-certs.d(5)`): `*.crt` has certificates of authorities,
/// `NAME.cert` and `NAME.key` are a client certificate with its key.
struct HostCertificates: Sendable {
  /// A certificate chain and its private key, with which a client proves its identity.
  struct Identity: Sendable {
    var chain: [NIOSSLCertificate]
    var key: NIOSSLPrivateKey
  }

  /// The longest file that is read, in bytes.
  private static let fileSizeLimit = 1 << 20

  private(set) var authorities: [NIOSSLCertificate] = []
  /// The client certificates, in the order in which they are tried.
  private(set) var identities: [Identity] = []

  /// Reads the files; a missing directory has none.
  ///
  /// - Parameter host: `HOST` or `HOST:PORT`.
  /// - Throws: `RegistryError.refused` for a file that is unreadable or malformed, and for half of a pair.
  static func load(
    for host: String, environment: [String: String], systemDirectories: [String] = ["/etc/containers", "/etc/docker"]
  ) throws(RegistryError) -> HostCertificates {
    // The host of a redirect may be any text, and must not lead out of the directory.
    guard !host.hasPrefix("."), !host.contains("/") else { return HostCertificates() }
    var directories = systemDirectories
    if let home = environment["HOME"], !home.isEmpty { directories.insert("\(home)/.config/containers", at: 0) }
    var certificates = HostCertificates()
    for directory in directories { try certificates.add("\(directory)/certs.d/\(host)") }
    return certificates
  }

  private mutating func add(_ directory: String) throws(RegistryError) {
    let names = DirectoryStream.readableNames(in: directory).sorted()
    for name in names {
      let path = "\(directory)/\(name)"
      if name.hasSuffix(".crt") {
        authorities += try Self.certificates(path)
      } else if name.hasSuffix(".cert") {
        let key = String(name.dropLast("cert".count)) + "key"
        guard names.contains(key) else {
          throw .refused(.invalid, "missing key \(key) of the client certificate \(path)")
        }
        identities.append(
          Identity(chain: try Self.certificates(path), key: try Self.privateKey("\(directory)/\(key)")))
      } else if name.hasSuffix(".key") {
        let certificate = String(name.dropLast("key".count)) + "cert"
        guard names.contains(certificate) else {
          throw .refused(.invalid, "missing client certificate \(certificate) of the key \(path)")
        }
      }
    }
  }

  /// Reads a file of certificates in PEM.
  ///
  /// - Parameter limit: the longest file, in bytes.
  static func certificates(_ path: String, limit: Int = fileSizeLimit) throws(RegistryError) -> [NIOSSLCertificate] {
    let content = try SettingsFile.contents(path, "certificate", limit: limit)
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(content), !certificates.isEmpty else {
      throw .refused(.invalid, "invalid certificate, not PEM: \(path)")
    }
    return certificates
  }

  private static func privateKey(_ path: String) throws(RegistryError) -> NIOSSLPrivateKey {
    let content = try SettingsFile.contents(path, "key of a client certificate", limit: fileSizeLimit)
    guard let key = try? NIOSSLPrivateKey(bytes: content, format: .pem) else {
      throw .refused(.invalid, "invalid key of a client certificate, not PEM without a passphrase: \(path)")
    }
    return key
  }
}
