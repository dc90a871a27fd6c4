import TestSupport
import Testing

/// Registries that become unreachable, and return.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct OutageTests {
  @Test(
    "V1, I2: a mount without its registry fails with EIO in bounded time, reads cached blobs, and recovers",
    arguments: [RegistryServer.docker, .test])
  func gone(server: RegistryServer) throws {
    try ScriptedMount().run(server, "Outage/gone.sh", seconds: 120)
  }

  @Test(
    "V1: mounting an unreachable registry fails, and a mount without its registry is unmounted")
  func unmounting() throws {
    try ScriptedMount().run(.test, "Outage/unmounting.sh")
  }

  @Test(
    "V3, E14: a timeout or a signal frees a reader of a silent registry", arguments: ["GET", "HEAD"])
  func silent(method: String) throws {
    try ScriptedMount().run(.test, "Outage/silent.sh", ["method": method], seconds: 100)
  }
}
