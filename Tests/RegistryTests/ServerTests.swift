import TestSupport
import Testing

/// The registries that the other tests run against, and their faults, as skopeo and curl see them.
@Suite(.needs(.tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct ServerTests {
  @Test("E4, E9: another client pushes, lists, pulls and deletes", arguments: RegistryServer.allCases)
  func client(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Server/client.sh")
  }

  @Test("Tags are paged and deleted, and uploads checked, by the specification")
  func specification() throws {
    try ScriptedMount().run(.test, "Server/specification.sh")
  }

  @Test("Injected faults happen, as often as requested", arguments: [RegistryServer.test, .proxied])
  func faults(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Server/faults.sh")
  }

  @Test("Tokens and passwords are required; redirects lead to another host")
  func access() throws {
    try ScriptedMount().run(.test, "Server/access.sh")
  }
}
