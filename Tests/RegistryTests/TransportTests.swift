import TestSupport
import Testing

/// How a registry is reached: TLS, and where plain HTTP may be.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3"))) struct TransportTests {
  @Test("E2: TLS is spoken with a registry whose certificate is trusted, and with no other")
  func tls() throws {
    try ScriptedMount().run("Transport/tls.sh")
  }

  @Test("E2: a certificate that has expired is refused")
  func expired() throws {
    try ScriptedMount().run("Transport/expired.sh")
  }

  @Test(
    "E2: plain HTTP is spoken on loopback, elsewhere only when it is asked for", .needs(.root, .tools("ip", "unshare")))
  func plain() throws {
    try ScriptedMount().run("Transport/plain.sh")
  }

  @Test("E2: TLS that leads on to plain HTTP elsewhere is not followed", .needs(.root, .tools("ip", "unshare")))
  func downgrade() throws {
    try ScriptedMount().run("Transport/downgrade.sh")
  }
}
