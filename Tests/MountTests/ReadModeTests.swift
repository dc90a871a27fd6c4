import TestSupport
import Testing

/// The ways in which the content of blobs reaches the kernel.
@Suite(.needs(.fuse)) struct ReadModeTests {
  static let modes = Machine.readModes + ["verify=always"]

  @Test(
    "V1 B1: a blob is read by read, mmap, sendfile and concurrently, and executed, in every mode; and is never written",
    arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/reading.sh")
  }

  @Test(
    "B4 E7: an open blob stays unchanged for its reader when it is replaced or deleted", arguments: modes)
  func replacing(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/replacing.sh")
  }

  @Test("V2: a corrupt byte is served in no mode", arguments: modes)
  func corrupt(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/corrupt.sh")
  }

  @Test(
    "V2: the part of an open file that was cut off is EIO, not an early end, where the daemon reads",
    arguments: ["read=splice", "read=copy", "verify=always"])
  func cutShort(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/cut-short.sh")
  }

  @Test("M6: the best read mode is chosen by default, another on request, and status shows it")
  func modeIsTold() throws {
    try ScriptedMount().run("ReadMode/mode-is-told.sh")
  }

  @Test("V1: kernel passthrough works for a store on overlayfs", .needs(.root))
  func overlay() throws {
    try ScriptedMount().run("ReadMode/overlay.sh")
  }
}
