import TestSupport
import Testing

/// Registries that go away, and come back.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct OutageTests {
  @Test(
    "V1, I2: without its registry a mount fails with EIO in bounded time, what is kept is read, and it comes back",
    arguments: [RegistryServer.docker, .test])
  func gone(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Outage/gone.sh", seconds: 120)
  }

  @Test(
    "V1: a mount is made without its registry only when it can be told from a wrong one, and is unmounted at any time")
  func unmounting() throws {
    try ScriptedMount().run(.test, "Outage/unmounting.sh")
  }

  @Test(
    "V3, E14: who waits for a registry that says nothing is let go, by time or by a signal", arguments: ["GET", "HEAD"])
  func silent(method: String) throws {
    try ScriptedMount().run(.test, "Outage/silent.sh", ["method": method], seconds: 100)
  }
}
