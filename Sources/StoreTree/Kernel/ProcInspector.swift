import CASPlatform
import OCI
import SystemPackage

/// Reads about processes from `/proc`: `proc(5)`.
struct ProcInspector: ProcessInspector {
  func process(ofThread thread: Int32) -> ProcessIdentity { Self.process(in: "Tgid:", ofThread: thread) }

  func parent(ofProcess process: ProcessIdentity) -> ProcessIdentity {
    Self.process(in: "PPid:", ofThread: process.number)
  }

  func isAlive(process: ProcessIdentity) -> Bool {
    guard process != .unseen, (try? ProcessSerial.number(of: process.number)) == process.serial else { return false }
    // A system without serial numbers has not been asked whether the process exists.
    return process.serial != 0
      || (try? OpenFile.open(path: "/proc/\(process.number)", [.readOnly, .directory])) != nil
  }

  /// The process whose number a field of a thread's `status` has.
  private static func process(in name: String, ofThread thread: Int32) -> ProcessIdentity {
    guard let number = field(name, ofThread: thread).flatMap({ Int32($0) }), number > 0,
      let serial = try? ProcessSerial.number(of: number)
    else { return .unseen }
    return ProcessIdentity(number, serial: serial)
  }

  func isMember(of group: UInt32, thread: Int32) -> Bool {
    guard thread > 0, let file = try? OpenFile.open(path: "/proc/\(thread)/status", .readOnly),
      let status = try? file.contents(limit: 64 << 10),
      let groups = Self.field("Groups:", of: String(decoding: status, as: UTF8.self))
    else { return false }
    return groups.split(separator: " ").contains { UInt32($0) == group }
  }

  /// Whether the thread's `exit_code` has a signal.
  ///
  /// PF_SIGNALED in the thread's flags does not show it: `exit(0)` of a process with several threads sets it too.
  ///
  /// `stat` must be read of an exiting thread only, which has no descriptor table any more. In `execve(2)` the kernel
  /// closes files under a lock that reading `stat` takes, so reading it then would be a deadlock.
  func wasKilled(thread: Int32) -> Bool {
    guard thread > 0, Self.field("FDSize:", ofThread: thread) == "0",
      let stat = Self.text("/proc/\(thread)/stat"), let code = Self.exitCode(in: stat)
    else { return false }
    return code & 0x7F != 0
  }

  func descriptorTable(ofThread thread: Int32) -> (any DescriptorTable)? { ProcDescriptorTable(thread: thread) }

  /// A field among the first 4 KiB of a thread's `status`.
  static func field(_ name: String, ofThread thread: Int32) -> String? {
    guard thread > 0, let status = text("/proc/\(thread)/status") else { return nil }
    return field(name, of: status)
  }

  private static func text(_ path: String) -> String? {
    guard let bytes = try? OpenFile.open(path: path, .readOnly).beginning(limit: 4 << 10) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The value in the line that begins with a name and its colon, of `status` or `fdinfo/N`.
  static func field(_ name: String, of text: String) -> String? {
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
      let value = line.dropFirst(name.utf8.count).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
      return String(decoding: value, as: UTF8.self)
    }
    return nil
  }

  /// `exit_code`, the 52nd field of `stat`. The second field, the command's name in parentheses, can have any character.
  static func exitCode(in stat: String) -> Int32? {
    guard let end = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat.utf8[end...].dropFirst().split(separator: UInt8(ascii: " "))
    guard fields.count >= 50 else { return nil }
    return Int32(String(decoding: fields[49].prefix { $0 > 0x20 }, as: UTF8.self))
  }
}
