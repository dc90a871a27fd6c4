import TestSupport
import Testing

/// System calls that strace(1) lets fail once.
@Suite(.needs(.tools("strace"))) struct FaultTests {
  /// A system call, its errno and the message.
  struct Fault: Sendable, CustomTestStringConvertible {
    var call: String
    var error: String
    var message: String

    var testDescription: String { "\(call) \(error)" }
  }

  private static let ioError = "Input/output error"

  static let faults = [
    Fault(call: "pwrite64", error: "ENOSPC", message: "No space left on device"),
    Fault(call: "pwrite64", error: "EDQUOT", message: "Disk quota exceeded"),
    Fault(call: "pwrite64", error: "EIO", message: ioError),
    Fault(call: "fsync", error: "EIO", message: ioError),
    Fault(call: "fsync", error: "ENOSPC", message: "No space left on device"),
    Fault(call: "linkat", error: "EIO", message: ioError),
    Fault(call: "linkat", error: "EMLINK", message: "Too many links"),
    Fault(call: "fchmod", error: "EIO", message: ioError),
    Fault(call: "openat2", error: "EMFILE", message: "Too many open files"),
    Fault(call: "openat2", error: "ENFILE", message: "Too many open files in system"),
  ]

  @Test("E4 E15 C1 D3: a failing system call is the command's error, and leaves nothing behind", arguments: faults)
  func commands(fault: Fault) throws {
    try ScriptedMount().run("Fault/commands.sh", ["call": fault.call, "error": fault.error, "message": fault.message])
  }

  @Test(
    "D4 E15: a failing system call of ref put is the command's error, and changes nothing",
    arguments: [
      ("pwrite64", "ENOSPC", "No space left on device"), ("fsync", "EIO", "Input/output error"),
      ("renameat,renameat2", "EIO", "Input/output error"),
    ], ["index", "refs"])
  func references(fault: (call: String, error: String, message: String), layout: String) throws {
    try ScriptedMount().run(
      "Fault/references.sh", ["call": fault.call, "error": fault.error, "message": fault.message, "layout": layout])
  }

  @Test(
    "G5 D3: a file system without hard links, RENAME_NOREPLACE and fsync of directories takes puts as safely",
    arguments: [("EPERM", "EINVAL", "EINVAL"), ("EOPNOTSUPP", "ENOSYS", "EBADF")])
  func noLinks(link: String, rename: String, directorySync: String) throws {
    try ScriptedMount().run(
      "Fault/no-links.sh", ["link": link, "rename": rename, "directory_sync": directorySync])
  }

  @Test(
    "G5: a store below FUSE without unnamed files and links takes puts, and can be mounted",
    .needs(.fuse, .tools("bindfs")))
  func noLinksBelow() throws {
    try ScriptedMount().run("Fault/no-links-below.sh", seconds: 180)
  }

  @Test("E14: interrupted system calls are repeated", arguments: ["pwrite64", "fsync", "linkat", "openat2"])
  func interrupted(call: String) throws {
    try ScriptedMount().run("Fault/interrupted.sh", ["call": call])
  }

  @Test("E11 E15 C1 D8: an unreadable directory ends gc, ls and fsck with an error, and nothing is removed")
  func unreadable() throws {
    try ScriptedMount().run("Fault/unreadable.sh")
  }
}
