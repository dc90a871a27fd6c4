import CASPlatform
import SystemPackage

/// The descriptor table of a thread, as `/proc/TID/fd` and `/proc/TID/fdinfo` show it: `proc(5)`.
///
/// Nothing here waits for another file system, or for the lock that `execve(2)` holds while it closes descriptors, as
/// `kcmp(2)`, `pidfd_getfd(2)` and, since Linux 6.18, `readlink(2)` of a link in `fd` would.
struct ProcDescriptorTable: DescriptorTable {
  private let thread: Int32
  private let directory: OpenFile

  /// Opens the table of a thread; `nil` when it cannot be seen.
  init?(thread: Int32) {
    guard thread > 0, let directory = try? OpenFile.open(path: "/proc/\(thread)/fd", [.readOnly, .directory])
    else { return nil }
    self.thread = thread
    self.directory = directory
  }

  // When the file cannot be read, the process counts as one with several threads.
  var isShared: Bool { ProcInspector.field("Threads:", ofThread: thread) != "1" }

  // The size of the directory since Linux 6.2; before, and of a thread that exits, it is 0.
  func count() -> Int? {
    guard let size = try? directory.status().size, size > 0 else { return nil }
    return Int(size)
  }

  func numbers() -> [Int32] {
    guard let stream = try? DirectoryStream(directory) else { return [] }
    var numbers: [Int32] = []
    while let number = try? stream.next(Self.number) {
      if number >= 0 { numbers.append(number) }
    }
    return numbers
  }

  /// The number that a name is; -1 for `.` and `..`.
  private static func number(_ name: Span<UInt8>) -> Int32 {
    var number: Int32 = 0
    for index in name.indices {
      let digit = Int32(name[index]) - 0x30
      guard (0...9).contains(digit), number < 1 << 27 else { return -1 }
      number = number * 10 + digit
    }
    return number
  }

  func use(of number: Int32) -> DescriptorUse {
    do throws(Errno) {
      let info = try OpenFile.open(path: "/proc/\(thread)/fdinfo/\(number)", .readOnly).beginning(limit: 1 << 10)
      return Self.use(in: String(decoding: info, as: UTF8.self))
    } catch {
      return error == .noSuchFileOrDirectory ? .closed : .other
    }
  }

  /// The use that the text of an `fdinfo` file shows.
  static func use(in info: String) -> DescriptorUse {
    guard let flags = ProcInspector.field("flags:", of: info).flatMap({ Int($0, radix: 8) }),
      // O_ACCMODE: O_RDONLY is 0.
      flags & 3 != 0, let inode = ProcInspector.field("ino:", of: info).flatMap({ UInt64($0) })
    else { return .other }
    return .writing(inode)
  }
}
