import TestSupport
import Testing

/// The descriptors of processes that write, which decide what a close publishes.
@Suite(.needs(.fuse)) struct DescriptorTests {
  @Test(
    "I2, I3: two processes change their descriptors at random, and each close publishes what the rules say",
    arguments: 1...4)
  func model(seed: Int) throws {
    try ScriptedMount.mounted().run("Descriptor/model.sh", ["seed": "\(seed)"])
  }

  @Test(
    "I2: the last close is found while other threads change the descriptors, also after the first thread has ended",
    arguments: ["threads", "headless"])
  func races(how: String) throws {
    try ScriptedMount.mounted().run("Descriptor/races.sh", ["how": how])
  }

  @Test("I2: the last close is found among 10,000 other descriptors")
  func many() throws {
    try ScriptedMount.mounted().run("Descriptor/many.sh")
  }

  @Test("I2: a program that the opener executes has the descriptors that are left")
  func execute() throws {
    try ScriptedMount.mounted().run("Descriptor/exec.sh")
  }

  @Test("I2: closing a hundred files reads each descriptor a few times", .needs(.root, .tools("strace")))
  func cost() throws {
    try ScriptedMount.mounted().run("Descriptor/cost.sh")
  }
}
