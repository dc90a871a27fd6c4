import OCI
import Testing

@testable import CASRegistry

struct AddressTests {
  @Test(
    "E3: an address names a host and a repository",
    arguments: [
      ("docker://127.0.0.1:5000/app", "127.0.0.1:5000", "app", true, false),
      ("docker://localhost/a/b/c", "localhost", "a/b/c", true, false),
      ("docker://[::1]:5000/a", "[::1]:5000", "a", true, false),
      ("docker://registry.example.com/team/app__x", "registry.example.com", "team/app__x", false, false),
      ("docker+http://10.0.0.1:80/a-b.c_d", "10.0.0.1:80", "a-b.c_d", false, true),
      ("docker://docker.io/alpine", "docker.io", "library/alpine", false, false),
      ("docker://index.docker.io/me/app", "docker.io", "me/app", false, false),
      ("docker://127.0.0.1.example.com/a", "127.0.0.1.example.com", "a", false, false),
    ])
  func valid(_ uri: String, _ authority: String, _ repository: String, _ isLoopback: Bool, _ isPlain: Bool) throws {
    let address = try RegistryAddress(uri)
    #expect(address.authority == authority)
    #expect(address.repository == repository)
    #expect(address.isLoopback == isLoopback)
    #expect(address.isPlain == isPlain)
    #expect(try RegistryAddress(address.description) == address)
    #expect(address.server == (authority == "docker.io" ? "registry-1.docker.io" : authority))
  }

  @Test(
    "E15: a malformed address is invalid",
    arguments: [
      "docker://", "docker://host", "docker:///a", "docker://host/", "docker://host/App", "docker://host/a:tag",
      "docker://host/a@sha256:00", "docker://host/a//b", "docker://host/../a", "docker://host/a/", "docker://host/-a",
      "docker://host/a..b", "docker://host/a___b", "docker://user@host/a", "docker://ho st/a", "docker://host:0/a",
      "docker://host:65536/a", "docker://host:+1/a", "docker://host:/a", "docker://[::1/a", "docker://[x]/a",
      "docker://host/a?b", "docker://host/a#b", "docker://host\r\n/a",
      "docker://host/" + String(repeating: "a", count: 256),
    ])
  func invalid(_ uri: String) {
    #expect(RegistryAddress.isAddress(uri))
    #expect(throws: InvalidValue.self) { try RegistryAddress(uri) }
  }

  @Test("D7: names outside the grammar of tags are rejected")
  func tags() {
    for tag in ["a", "_", "v1.0-x_Y", String(repeating: "a", count: 128)] { #expect(RegistryAddress.isTag(tag)) }
    for text in ["", ".a", "-a", "a/b", "a:b", "a b", "é", "a\0", String(repeating: "a", count: 129)] {
      #expect(!RegistryAddress.isTag(text))
    }
  }
}
