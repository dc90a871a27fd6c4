import CASPlatform
import NIOSSL
import SystemPackage

/// The certification authorities of the system, which `SSL_CERT_FILE` and `SSL_CERT_DIR` replace as in OpenSSL and Go:
/// each replaces the system's file, or its directory. Both places have the same authorities on all systems, so that one
/// variable alone leaves them trusted.
struct TrustRoots: Sendable {
  /// The longest file that is read, in bytes.
  private static let fileSizeLimit = 16 << 20

  /// Whether the system's authorities are trusted.
  let hasDefaults: Bool
  let certificates: [NIOSSLCertificate]

  /// Reads the files of the environment.
  ///
  /// - Throws: `RegistryError.refused` that names the variable if the file is unreadable or malformed. Directories that
  ///   do not exist, and files in them that are not certificates, are skipped, as OpenSSL does.
  init(environment: [String: String]) throws(RegistryError) {
    let file = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
    let directories = environment["SSL_CERT_DIR"].flatMap { $0.isEmpty ? nil : $0 }
    hasDefaults = file == nil || directories == nil
    var certificates: [NIOSSLCertificate] = []
    if let file {
      do throws(RegistryError) {
        certificates = try HostCertificates.certificates(file, limit: Self.fileSizeLimit)
      } catch {
        guard case .refused(let code, let reason) = error else { throw error }
        throw .refused(code, "SSL_CERT_FILE: \(reason)")
      }
    }
    var seen = Set(certificates)
    for directory in (directories ?? "").split(separator: ":") {
      for certificate in Self.certificates(in: String(directory)) where seen.insert(certificate).inserted {
        certificates.append(certificate)
      }
    }
    self.certificates = certificates
  }

  private static func certificates(in path: String) -> [NIOSSLCertificate] {
    DirectoryStream.readableNames(in: path).flatMap { (name) in
      (try? HostCertificates.certificates("\(path)/\(name)", limit: fileSizeLimit)) ?? []
    }
  }
}
