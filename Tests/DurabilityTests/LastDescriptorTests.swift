import TestSupport
import Testing

/// Processes that have no descriptor left.
@Suite struct LastDescriptorTests {
  @Test(
    "E15 C1 D3 D4: with too few descriptors a command says so, and leaves nothing, or does it all",
    .needs(.tools("prlimit")))
  func commands() throws {
    try ScriptedMount().run("LastDescriptor/commands.sh")
  }

  @Test(
    "I11 V2 E15: with no descriptors left a daemon says so to who needs one, answers the others, and goes on later",
    .needs(.fuse, .root, .tools("prlimit")), arguments: ["auto", "splice"])
  func daemon(mode: String) throws {
    try ScriptedMount().run("LastDescriptor/daemon.sh", ["mode": mode])
  }
}
