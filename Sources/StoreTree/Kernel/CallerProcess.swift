import CASPlatform
import OCI
import SystemPackage

/// What `/proc` tells about the process that sent a request.
package enum CallerProcess {
  /// The process that a thread belongs to; 0 when that cannot be seen, as from another pid namespace.
  static func id(ofThread thread: Int32) -> Int32 {
    guard thread > 0, let status = text("/proc/\(thread)/status") else { return 0 }
    return ProcessText.field("Tgid:", of: status).flatMap { Int32($0) } ?? 0
  }

  /// Whether a thread is in a group besides its own; not when that cannot be seen.
  static func isMember(of group: UInt32, thread: Int32) -> Bool {
    guard thread > 0, let status = text("/proc/\(thread)/status"),
      let groups = ProcessText.field("Groups:", of: status)
    else { return false }
    return groups.split(separator: " ").contains { UInt32($0) == group }
  }

  /// Whether a thread that is exiting was killed by a signal, which its `exit_code` tells.
  ///
  /// The flag PF_SIGNALED is no sign of it: `exit(0)` of a process with several threads sets it too.
  ///
  /// That file must be read of an exiting thread only, which is one that has no descriptors any more: in `execve(2)`
  /// the kernel closes files under a lock that reading the file waits for, and both would wait for ever.
  static func wasKilled(thread: Int32) -> Bool {
    guard thread > 0, let status = text("/proc/\(thread)/status"),
      ProcessText.field("FDSize:", of: status) == "0", let stat = text("/proc/\(thread)/stat"),
      let code = ProcessText.exitCode(in: stat)
    else { return false }
    return code & 0x7F != 0
  }

  /// Whether a process has a descriptor open for writing on an inode of this mount. The inode numbers asked about
  /// begin at a random place, so no other file system has them.
  private static func hasWriter(process: Int32, inode: UInt64) -> Bool {
    let path = "/proc/\(process)/fdinfo"
    guard let directory = try? OpenFile.open(path: path, [.readOnly, .directory]),
      let names = try? DirectoryStream(directory)
    else { return false }
    let wanted = String(inode)
    while let name = try? names.next() {
      guard let info = text("\(path)/\(name)"), let found = ProcessText.field("ino:", of: info),
        found.sameBytes(as: wanted), let flags = ProcessText.field("flags:", of: info).flatMap({ Int($0, radix: 8) })
      else { continue }
      if flags & 3 != 0 { return true }
    }
    return false
  }

  /// Whether a close is the last of the process that opened a file: it comes from that process, or from one that
  /// cannot be seen, and the process has no other descriptor to write the file by. Where nothing can be seen for want
  /// of descriptors, it is: what a close has acknowledged must be stored.
  static func closesLast(of process: Int32, inode: UInt64, _ context: RequestContext) -> Bool {
    if context.thread == 0 || process == 0 { return true }
    let caller = id(ofThread: context.thread)
    return (caller == process || caller == 0) && !hasWriter(process: process, inode: inode)
  }

  private static func text(_ path: String) -> String? {
    guard let file = try? OpenFile.open(path: path, .readOnly), let bytes = try? file.contents(limit: 64 << 10) else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
