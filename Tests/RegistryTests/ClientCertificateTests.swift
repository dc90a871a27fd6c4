import TestSupport
import Testing

/// Client certificates, and authorities that the environment names.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3"))) struct ClientCertificateTests {
  @Test("N3: a client certificate of certs.d is sent to its server, and half of a pair is an error")
  func pairs() throws {
    try ScriptedMount().run("ClientCertificate/pairs.sh")
  }

  @Test("N3: SSL_CERT_FILE and SSL_CERT_DIR name the authorities that are trusted")
  func roots() throws {
    try ScriptedMount().run("ClientCertificate/roots.sh")
  }
}
