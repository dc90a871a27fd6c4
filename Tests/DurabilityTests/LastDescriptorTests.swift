import TestSupport
import Testing

/// Processes at their limit of descriptors.
@Suite struct LastDescriptorTests {
  @Test(
    "E15 C1 D3 D4: a command with too few descriptors reports it and leaves nothing, or succeeds",
    .needs(.tools("prlimit")))
  func commands() throws {
    try ScriptedMount().run("LastDescriptor/commands.sh")
  }

  @Test(
    "I11 V2 E15: a daemon without descriptors gives EMFILE where it needs one, answers other requests, and recovers",
    .needs(.fuse, .root, .tools("prlimit")), arguments: ["auto", "splice"])
  func daemon(mode: String) throws {
    try ScriptedMount().run("LastDescriptor/daemon.sh", ["mode": mode])
  }
}
