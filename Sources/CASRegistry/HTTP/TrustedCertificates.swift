import CAS
import CASPlatform
import NIOSSL
import SystemPackage

/// Certificates of private authorities for one registry: the files `certs.d/HOST[:PORT]/*.crt` of
/// `containers-certs.d(5)`.
enum TrustedCertificates {
  /// The longest file that is read, in bytes.
  private static let fileSizeLimit = 1 << 20

  /// Loads the certificates; a missing directory has none.
  ///
  /// - Throws: `RegistryError.refused` for a file that is unreadable or not PEM.
  static func load(for authority: String, environment: [String: String]) throws(RegistryError) -> [NIOSSLCertificate] {
    var certificates: [NIOSSLCertificate] = []
    for directory in directories(environment) {
      let path = "\(directory)/certs.d/\(authority)"
      for name in names(in: path) where name.hasSuffix(".crt") {
        certificates += try load("\(path)/\(name)")
      }
    }
    return certificates
  }

  private static func directories(_ environment: [String: String]) -> [String] {
    var directories: [String] = []
    if let home = environment["HOME"], !home.isEmpty { directories.append("\(home)/.config/containers") }
    return directories + ["/etc/containers", "/etc/docker"]
  }

  private static func names(in path: String) -> [String] {
    guard let directory = try? OpenFile.open(path: path, [.readOnly, .directory]),
      let stream = try? DirectoryStream(directory)
    else { return [] }
    var names: [String] = []
    while let name = try? stream.next() { names.append(name) }
    return names.sorted()
  }

  private static func load(_ path: String) throws(RegistryError) -> [NIOSSLCertificate] {
    do {
      let content = try OpenFile.open(path: path, [.readOnly, .nonBlocking]).contents(limit: fileSizeLimit)
      return try NIOSSLCertificate.fromPEMBytes(content)
    } catch let error as Errno {
      throw .refused(.io(error), "unreadable certificate \(path): \(error)")
    } catch {
      throw .refused(.invalid, "invalid certificate, not PEM: \(path)")
    }
  }
}
