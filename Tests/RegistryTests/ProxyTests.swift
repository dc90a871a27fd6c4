import TestSupport
import Testing

/// Proxies on the way to a registry.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3"))) struct ProxyTests {
  @Test("N3: HTTPS goes through a tunnel, plain HTTP is forwarded, and other servers have rules of their own")
  func ways() throws {
    try ScriptedMount().run("Proxy/ways.sh")
  }

  @Test("N3: the errors of a proxy name it, and have no secret")
  func failures() throws {
    try ScriptedMount().run("Proxy/failures.sh")
  }

  @Test("N3: tinyproxy forwards what casfs sends", .needs(.root, .tools("ip", "tinyproxy", "unshare")))
  func tinyproxy() throws {
    try ScriptedMount().run("Proxy/tinyproxy.sh")
  }
}
