import TestSupport
import Testing

/// The transport to a registry: TLS and plain HTTP.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3"))) struct TransportTests {
  @Test("E2: a connection requires a trusted certificate")
  func tls() throws {
    try ScriptedMount().run("Transport/tls.sh")
  }

  @Test("E2: an expired certificate is rejected")
  func expired() throws {
    try ScriptedMount().run("Transport/expired.sh")
  }

  @Test(
    "E2: plain HTTP is used on loopback, and elsewhere only on request", .needs(.root, .tools("ip", "unshare")))
  func plain() throws {
    try ScriptedMount().run("Transport/plain.sh")
  }

  @Test("E2: a redirect from TLS to plain HTTP elsewhere is not followed", .needs(.root, .tools("ip", "unshare")))
  func downgrade() throws {
    try ScriptedMount().run("Transport/downgrade.sh")
  }
}
