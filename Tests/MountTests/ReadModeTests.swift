import TestSupport
import Testing

/// Each way in which the content of blobs reaches the kernel.
@Suite(.needs(.fuse)) struct ReadModeTests {
  static let modes = Machine.readModes + ["verify=always"]

  @Test(
    "V1 B1: a blob is read by read, mmap, sendfile, many at once, and executed, in every mode; and is never written",
    arguments: modes)
  func reading(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/reading.sh")
  }

  @Test(
    "B4 E7: a blob replaced or deleted while it is open stays as it was for who has it open", arguments: modes)
  func replacing(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/replacing.sh")
  }

  @Test("V2: a wrong byte is served in no mode", arguments: modes)
  func corrupt(mode: String) throws {
    try ScriptedMount.mounted(mode).run("ReadMode/corrupt.sh")
  }

  @Test("M6: the best way to read blobs is found, another is taken when it is asked for, and status tells which")
  func modeIsTold() throws {
    try ScriptedMount().run("ReadMode/mode-is-told.sh")
  }

  @Test("V1: the kernel reads files of a store on an overlay by itself too", .needs(.root))
  func overlay() throws {
    try ScriptedMount().run("ReadMode/overlay.sh")
  }
}
